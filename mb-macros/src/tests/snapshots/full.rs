/// Orders.
#[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
pub mod orders {
    use super::Money;
    #[allow(unused_imports)]
    use ::magicbutton::__private::v1::serde as __magicbutton_serde;
    #[derive(
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[derive(Eq, Clone)]
    #[serde(
        crate = "self::__magicbutton_serde",
        rename_all = "camelCase",
        rename_all_fields = "camelCase"
    )]
    pub enum Status {
        Open,
        #[serde(rename = "shut")]
        Closed,
    }
    impl ::core::fmt::Display for Status {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::magicbutton::__private::v1::serde::Serialize::serialize(self, f)
        }
    }
    impl ::core::str::FromStr for Status {
        type Err = ::magicbutton::__private::v1::UnknownName;
        fn from_str(
            name: &str,
        ) -> ::core::result::Result<Self, ::magicbutton::__private::v1::UnknownName> {
            ::magicbutton::__private::v1::named(name)
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    /// With content.
    #[serde(
        crate = "self::__magicbutton_serde",
        rename_all = "camelCase",
        rename_all_fields = "camelCase"
    )]
    pub enum Payment {
        Cash,
        Card { number: String },
        Voucher(u32),
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Order<T> {
        pub order_id: String,
        pub total: Money,
        pub extra: T,
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde")]
    pub struct Line(pub String, pub u32);
    pub type Lines = Vec<Line>;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct OrderCreated {
        /// Which.
        pub order_id: String,
        #[serde(default)]
        pub lines: Lines,
    }
    impl ::magicbutton::__private::v1::Event for OrderCreated {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[0];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for OrderCreated {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Emptied {}
    impl ::magicbutton::__private::v1::Event for Emptied {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[1];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Emptied {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(
        crate = "self::__magicbutton_serde",
        tag = "code",
        content = "details",
        rename_all_fields = "camelCase"
    )]
    pub enum OrderError {
        #[serde(rename = "NOT_FOUND")]
        NotFound { order_id: String, hidden: u8 },
        #[serde(rename = "SHUT")]
        Closed,
    }
    impl ::core::fmt::Display for OrderError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::NotFound { order_id, .. } => {
                    ::core::write!(f, "order {0} not found, {0:?} that is", order_id)
                }
                Self::Closed { .. } => ::core::write!(f, "closed {{today}}"),
            }
        }
    }
    impl ::core::error::Error for OrderError {}
    impl ::magicbutton::__private::v1::DeclaredError for OrderError {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = ::magicbutton::__private::v1::part(
            CONTRACT.errors,
            0usize,
            2usize,
        );
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::NotFound { .. } => &Self::VARIANTS[0usize],
                Self::Closed { .. } => &Self::VARIANTS[1usize],
            }
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(
        crate = "self::__magicbutton_serde",
        tag = "code",
        content = "details",
        rename_all_fields = "camelCase"
    )]
    pub enum OtherError {
        #[serde(rename = "ALREADY")]
        Already { status: Status },
    }
    impl ::core::fmt::Display for OtherError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Already { status } => ::core::write!(f, "already {0}", status),
            }
        }
    }
    impl ::core::error::Error for OtherError {}
    impl ::magicbutton::__private::v1::DeclaredError for OtherError {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = ::magicbutton::__private::v1::part(
            CONTRACT.errors,
            2usize,
            1usize,
        );
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::Already { .. } => &Self::VARIANTS[0usize],
            }
        }
    }
    /// The payload of each request: what travels, and what middleware sees.
    #[allow(missing_docs, unused_imports)]
    pub mod requests {
        use super::*;
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        /// Places an order.
        #[serde(deny_unknown_fields)]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct CreateOrder {
            /// By whom.
            pub customer_id: String,
            #[serde(default)]
            pub create_order: Option<super::CreateOrder>,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        /// Cannot fail.
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Count {}
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Touch {
            pub cx: Status,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        /// As they come.
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Watch {
            pub status: super::Status,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Ticks {}
    }
    impl ::magicbutton::__private::v1::Request for requests::CreateOrder {
        type Reply = Order<Payment>;
        type Error = OrderError;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[0];
    }
    impl ::magicbutton::__private::v1::Request for requests::Count {
        type Reply = u32;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[1];
    }
    impl ::magicbutton::__private::v1::Request for requests::Touch {
        type Reply = ();
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[2];
    }
    impl ::magicbutton::__private::v1::Request for requests::Watch {
        type Reply = Lines;
        type Error = OtherError;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[3];
    }
    impl ::magicbutton::__private::v1::Request for requests::Ticks {
        type Reply = u64;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[4];
    }
    /// What a service of the contract `order-desk` does. Write each method as `async fn`.
    pub trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
        /// Places an order.
        fn create_order(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            customer_id: String,
            create_order: Option<CreateOrder>,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<Order<Payment>, OrderError>,
        > + ::core::marker::Send;
        /// Cannot fail.
        fn count(
            &self,
            cx: &::magicbutton::__private::v1::Context,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                u32,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn touch(
            &self,
            _cx: &::magicbutton::__private::v1::Context,
            cx: Status,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                (),
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        /// As they come.
        fn watch(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            status: self::Status,
        ) -> impl ::magicbutton::__private::v1::Stream<
            Item = ::magicbutton::__private::v1::Reply<Lines, OtherError>,
        > + ::core::marker::Send;
        fn ticks(
            &self,
            cx: &::magicbutton::__private::v1::Context,
        ) -> impl ::magicbutton::__private::v1::Stream<
            Item = ::magicbutton::__private::v1::Reply<
                u64,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
    }
    /// The contract with a service that implements it: for `Server::builder().serve(..)`.
    pub fn serve(service: impl Service) -> ::magicbutton::__private::v1::ServedContract {
        ::magicbutton::__private::v1::ServedContract::new(
            &CONTRACT,
            service,
            |handlers| {
                handlers
                    .unary(|run, request: ::std::boxed::Box<requests::CreateOrder>| async move {
                        run.once(|service, cx| Service::create_order(
                                service,
                                cx,
                                request.customer_id,
                                request.create_order,
                            ))
                            .await
                    })
                    .unary(|run, _request: ::std::boxed::Box<requests::Count>| async move {
                        run.once(|service, cx| Service::count(service, cx)).await
                    })
                    .unary(|run, request: ::std::boxed::Box<requests::Touch>| async move {
                        run.once(|service, cx| Service::touch(service, cx, request.cx))
                            .await
                    })
                    .streamed(|run, request: ::std::boxed::Box<requests::Watch>, items| async move {
                        run.many(
                                items,
                                |service, cx| Service::watch(service, cx, request.status),
                            )
                            .await
                    })
                    .streamed(|run, _request: ::std::boxed::Box<requests::Ticks>, items| async move {
                        run.many(items, |service, cx| Service::ticks(service, cx)).await
                    })
            },
        )
    }
    /// A client of the contract `order-desk`. Clones share one connection.
    #[derive(::core::clone::Clone, ::core::fmt::Debug)]
    pub struct Client(::magicbutton::__private::v1::Client);
    impl Client {
        /// Connects, and checks that the server serves this contract in a compatible version.
        /// For options, see `magicbutton::Client::builder` and its `typed`.
        ///
        /// # Errors
        /// `UNAVAILABLE` where nobody serves the endpoint; `CONTRACT_MISMATCH` where the server
        /// does not serve this contract, or in another major version.
        pub async fn connect(
            endpoint: impl ::magicbutton::__private::v1::IntoEndpoint,
        ) -> ::core::result::Result<Self, ::magicbutton::__private::v1::Fault> {
            ::magicbutton::__private::v1::Client::builder()
                .speaks::<Self>()
                .connect(endpoint)
                .await?
                .typed()
        }
        /// A client of a service in this process, with no server to start. For tests.
        pub fn in_process(service: impl Service) -> Self {
            Self(::magicbutton::__private::v1::Client::in_process(serve(service)))
        }
        /// The same, with somebody logged in from the beginning. For tests of what they may do.
        pub fn in_process_as(
            service: impl Service,
            actor: ::magicbutton::__private::v1::Actor,
        ) -> Self {
            Self(
                ::magicbutton::__private::v1::Client::in_process_as(
                    serve(service),
                    actor,
                ),
            )
        }
        /// The connection, which knows no contract.
        pub fn client(&self) -> &::magicbutton::__private::v1::Client {
            &self.0
        }
        /// Subscribes to an event of this contract, or to all of them as [`Event`]. Await it.
        pub fn subscribe<E: ::magicbutton::__private::v1::EventOf<Self>>(
            &self,
        ) -> ::magicbutton::__private::v1::Subscribing<E> {
            self.0.subscribe()
        }
        /// Sends an event of this contract to the server.
        ///
        /// # Errors
        /// `UNAVAILABLE` where the client is not connected.
        pub fn emit(
            &self,
            event: impl ::magicbutton::__private::v1::EventOf<Self>,
        ) -> ::magicbutton::__private::v1::BoxFuture<
            'static,
            ::core::result::Result<(), ::magicbutton::__private::v1::Fault>,
        > {
            self.0.emit(event)
        }
        /// Sends any request of this contract, say from a log. The reply is a body.
        pub fn send(
            &self,
            request: Request,
        ) -> ::magicbutton::__private::v1::RawCall<'_, Error> {
            self.0.send(request)
        }
        /// Sends any request of this contract that is answered by a stream.
        pub fn send_streamed(
            &self,
            request: Request,
        ) -> ::magicbutton::__private::v1::RawStream<'_, Error> {
            self.0.send_streamed(request)
        }
        /// Places an order.
        pub fn create_order(
            &self,
            customer_id: String,
            create_order: Option<CreateOrder>,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::CreateOrder> {
            self.0
                .call(requests::CreateOrder {
                    customer_id,
                    create_order,
                })
        }
        /// Cannot fail.
        #[deprecated(note = "count yourself")]
        pub fn count(&self) -> ::magicbutton::__private::v1::Call<'_, requests::Count> {
            self.0.call(requests::Count {})
        }
        pub fn touch(
            &self,
            cx: Status,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Touch> {
            self.0.call(requests::Touch { cx })
        }
        /// As they come.
        pub fn watch(
            &self,
            status: self::Status,
        ) -> ::magicbutton::__private::v1::StreamCall<'_, requests::Watch> {
            self.0.stream(requests::Watch { status })
        }
        pub fn ticks(
            &self,
        ) -> ::magicbutton::__private::v1::StreamCall<'_, requests::Ticks> {
            self.0.stream(requests::Ticks {})
        }
    }
    impl ::core::convert::From<::magicbutton::__private::v1::Client> for Client {
        fn from(client: ::magicbutton::__private::v1::Client) -> Self {
            Self(client)
        }
    }
    impl ::magicbutton::__private::v1::Contract for Client {
        type Event = Event;
        type Request = Request;
        type Error = Error;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::ContractDescriptor = &CONTRACT;
        fn over(link: ::magicbutton::__private::v1::Linked<'_>) -> Self {
            Self(::magicbutton::__private::v1::Client::over(link))
        }
    }
    /// Any event of the contract. Events have many readers, who share them.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum Event {
        OrderCreated(::std::sync::Arc<OrderCreated>),
        Emptied(::std::sync::Arc<Emptied>),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Event {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::OrderCreated(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "order.created",
                        payload,
                    )
                }
                Self::Emptied(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "emptied",
                        payload,
                    )
                }
            }
        }
    }
    impl<'de> ::magicbutton::__private::v1::serde::Deserialize<'de> for Event {
        fn deserialize<__D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            ::magicbutton::__private::v1::read_tagged(deserializer)
        }
    }
    impl ::magicbutton::__private::v1::Tagged for Event {
        const KEY: &'static str = "event";
        const NAMES: &'static [&'static str] = &["order.created", "emptied"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "order.created" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::OrderCreated(::std::sync::Arc::new(event)))
                }
                "emptied" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Emptied(::std::sync::Arc::new(event)))
                }
                other => ::magicbutton::__private::v1::unknown_tag(other, payload),
            }
        }
    }
    impl ::magicbutton::__private::v1::Subscribe for Event {
        fn events() -> impl ::core::iter::Iterator<
            Item = &'static ::magicbutton::__private::v1::EventDescriptor,
        > {
            CONTRACT.events.iter()
        }
        fn receive(
            message: &::magicbutton::__private::v1::Message,
        ) -> ::core::result::Result<
            ::std::sync::Arc<Self>,
            ::magicbutton::__private::v1::DecodeError,
        > {
            match message.name().as_str() {
                "order-desk/order.created" | "order.created" => {
                    <OrderCreated as ::magicbutton::__private::v1::Subscribe>::receive(
                            message,
                        )
                        .map(|event| {
                            ::std::sync::Arc::new(Self::OrderCreated(event))
                        })
                }
                "order-desk/emptied" | "emptied" => {
                    <Emptied as ::magicbutton::__private::v1::Subscribe>::receive(
                            message,
                        )
                        .map(|event| { ::std::sync::Arc::new(Self::Emptied(event)) })
                }
                other => {
                    ::core::result::Result::Err(
                        ::magicbutton::__private::v1::DecodeError::unknown(other),
                    )
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::Publish for Event {
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::OrderCreated(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
                Self::Emptied(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Event {}
    impl ::core::convert::From<OrderCreated> for Event {
        fn from(event: OrderCreated) -> Self {
            Self::OrderCreated(::std::sync::Arc::new(event))
        }
    }
    impl ::core::convert::From<Emptied> for Event {
        fn from(event: Emptied) -> Self {
            Self::Emptied(::std::sync::Arc::new(event))
        }
    }
    /// Any request of the contract: to be written to a log, and sent as it is.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum Request {
        /// Places an order.
        CreateOrder(requests::CreateOrder),
        /// Cannot fail.
        Count(requests::Count),
        Touch(requests::Touch),
        /// As they come.
        Watch(requests::Watch),
        Ticks(requests::Ticks),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Request {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::CreateOrder(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "place",
                        payload,
                    )
                }
                Self::Count(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "count",
                        payload,
                    )
                }
                Self::Touch(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "touch",
                        payload,
                    )
                }
                Self::Watch(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "watch",
                        payload,
                    )
                }
                Self::Ticks(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "ticks",
                        payload,
                    )
                }
            }
        }
    }
    impl<'de> ::magicbutton::__private::v1::serde::Deserialize<'de> for Request {
        fn deserialize<__D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            ::magicbutton::__private::v1::read_tagged(deserializer)
        }
    }
    impl ::magicbutton::__private::v1::Tagged for Request {
        const KEY: &'static str = "requestType";
        const NAMES: &'static [&'static str] = &[
            "place",
            "count",
            "touch",
            "watch",
            "ticks",
        ];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "place" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::CreateOrder)
                }
                "count" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Count)
                }
                "touch" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Touch)
                }
                "watch" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Watch)
                }
                "ticks" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Ticks)
                }
                other => ::magicbutton::__private::v1::unknown_tag(other, payload),
            }
        }
    }
    impl ::magicbutton::__private::v1::AnyRequest for Request {
        fn descriptor(
            &self,
        ) -> &'static ::magicbutton::__private::v1::RequestDescriptor {
            match self {
                Self::CreateOrder(_) => {
                    <requests::CreateOrder as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Count(_) => {
                    <requests::Count as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Touch(_) => {
                    <requests::Touch as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Watch(_) => {
                    <requests::Watch as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Ticks(_) => {
                    <requests::Ticks as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
            }
        }
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::CreateOrder(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Count(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Touch(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Watch(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Ticks(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
            }
        }
    }
    impl ::core::convert::From<requests::CreateOrder> for Request {
        fn from(request: requests::CreateOrder) -> Self {
            Self::CreateOrder(request)
        }
    }
    impl ::core::convert::From<requests::Count> for Request {
        fn from(request: requests::Count) -> Self {
            Self::Count(request)
        }
    }
    impl ::core::convert::From<requests::Touch> for Request {
        fn from(request: requests::Touch) -> Self {
            Self::Touch(request)
        }
    }
    impl ::core::convert::From<requests::Watch> for Request {
        fn from(request: requests::Watch) -> Self {
            Self::Watch(request)
        }
    }
    impl ::core::convert::From<requests::Ticks> for Request {
        fn from(request: requests::Ticks) -> Self {
            Self::Ticks(request)
        }
    }
    /// Any error of the contract.
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", untagged)]
    #[allow(missing_docs)]
    pub enum Error {
        OrderError(OrderError),
        OtherError(OtherError),
    }
    impl ::core::fmt::Display for Error {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::OrderError(error) => ::core::fmt::Display::fmt(error, f),
                Self::OtherError(error) => ::core::fmt::Display::fmt(error, f),
            }
        }
    }
    impl ::core::error::Error for Error {}
    impl ::magicbutton::__private::v1::DeclaredError for Error {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = CONTRACT
            .errors;
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::OrderError(error) => {
                    ::magicbutton::__private::v1::DeclaredError::descriptor(error)
                }
                Self::OtherError(error) => {
                    ::magicbutton::__private::v1::DeclaredError::descriptor(error)
                }
            }
        }
    }
    impl ::core::convert::From<OrderError> for Error {
        fn from(error: OrderError) -> Self {
            Self::OrderError(error)
        }
    }
    impl ::core::convert::From<OtherError> for Error {
        fn from(error: OtherError) -> Self {
            Self::OtherError(error)
        }
    }
    /// Everything known of the contract without its types.
    pub static CONTRACT: ::magicbutton::__private::v1::ContractDescriptor = ::magicbutton::__private::v1::ContractDescriptor::declared(
        "order-desk",
        "2.1.0",
        8074982414058720679u64,
        "Orders.",
        &[
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "place",
                "order-desk/place",
                "Places an order.",
                false,
                true,
                false,
            ),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "count",
                "order-desk/count",
                "Cannot fail.",
                false,
                false,
                false,
            ),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "touch",
                "order-desk/touch",
                "",
                false,
                false,
                false,
            ),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "watch",
                "order-desk/watch",
                "As they come.",
                true,
                false,
                false,
            ),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "ticks",
                "order-desk/ticks",
                "",
                true,
                false,
                false,
            ),
        ],
        &[
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "order.created",
                "order-desk/order.created",
                "",
            ),
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "emptied",
                "order-desk/emptied",
                "",
            ),
        ],
        &[
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                "NOT_FOUND",
                404u16,
                "order {order_id} not found, {order_id:?} that is",
                false,
                "",
                true,
            ),
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                "SHUT",
                503u16,
                "closed {{today}}",
                true,
                "",
                false,
            ),
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                "ALREADY",
                409u16,
                "already {status}",
                false,
                "",
                true,
            ),
        ],
    );
}
