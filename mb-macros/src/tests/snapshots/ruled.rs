#[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
pub mod shop {
    use super::{Address, even, sober};
    #[allow(unused_imports)]
    use ::magicbutton::__private::v1::serde as __magicbutton_serde;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Item {
        pub item_name: String,
        #[serde(rename = "price")]
        pub unit_price: u32,
    }
    impl ::magicbutton::__private::v1::garde::Validate for Item {
        type Context = ();
        fn validate_into(
            &self,
            _: &(),
            __path: &mut dyn ::core::ops::FnMut(
            ) -> ::magicbutton::__private::v1::garde::Path,
            __report: &mut ::magicbutton::__private::v1::garde::Report,
        ) {
            let mut __at = ::magicbutton::__private::v1::At::new(
                __path,
                __report,
                ::magicbutton::__private::v1::Telling::All,
            );
            let __at = &mut __at;
            match self {
                Self { item_name: __field_0, unit_price: __field_1, .. } => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("itemName"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            {
                                use ::magicbutton::__private::v1::garde::rules::length::simple::apply as __rule;
                                __at.rule(__rule(__field_0, (1, 20)));
                            }
                            {
                                use ::magicbutton::__private::v1::garde::rules::pattern::apply as __rule;
                                __at.rule(
                                    __rule(
                                        __field_0,
                                        {
                                            static PATTERN: ::magicbutton::__private::v1::garde::rules::pattern::regex::StaticPattern = ::magicbutton::__private::v1::garde::rules::pattern::regex::init_pattern!(
                                                "^[a-z]+$"
                                            );
                                            (&PATTERN,)
                                        },
                                    ),
                                );
                            }
                        },
                    );
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("price"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            {
                                use ::magicbutton::__private::v1::garde::rules::range::apply as __rule;
                                __at.rule(
                                    __rule(
                                        __field_1,
                                        (
                                            ::core::option::Option::Some(1),
                                            ::core::option::Option::None,
                                        ),
                                    ),
                                );
                            }
                            __at.quoting((even)(__field_1, &()));
                        },
                    );
                }
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
        rename_all = "camelCase",
        rename_all_fields = "camelCase"
    )]
    pub enum Delivery {
        None,
        Post { address: Address },
        Courier(Option<String>),
    }
    impl ::magicbutton::__private::v1::garde::Validate for Delivery {
        type Context = ();
        fn validate_into(
            &self,
            _: &(),
            __path: &mut dyn ::core::ops::FnMut(
            ) -> ::magicbutton::__private::v1::garde::Path,
            __report: &mut ::magicbutton::__private::v1::garde::Report,
        ) {
            let mut __at = ::magicbutton::__private::v1::At::new(
                __path,
                __report,
                ::magicbutton::__private::v1::Telling::Rules,
            );
            let __at = &mut __at;
            match self {
                Self::Post { address: __field_0, .. } => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("address"),
                        ::magicbutton::__private::v1::Telling::Rules,
                        |__at| {
                            __at.dive(__field_0);
                        },
                    );
                }
                Self::Courier(__field_0) => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("courier"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            __at.inner(
                                __field_0,
                                |__at, __item| {
                                    {
                                        use ::magicbutton::__private::v1::garde::rules::ascii::apply as __rule;
                                        __at.rule(__rule(__item, ()));
                                    }
                                },
                            );
                        },
                    );
                }
                _ => {}
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
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Page<T> {
        pub items: Vec<T>,
        pub next: u32,
    }
    impl<
        T: ::magicbutton::__private::v1::garde::Validate<Context = ()>,
    > ::magicbutton::__private::v1::garde::Validate for Page<T> {
        type Context = ();
        fn validate_into(
            &self,
            _: &(),
            __path: &mut dyn ::core::ops::FnMut(
            ) -> ::magicbutton::__private::v1::garde::Path,
            __report: &mut ::magicbutton::__private::v1::garde::Report,
        ) {
            let mut __at = ::magicbutton::__private::v1::At::new(
                __path,
                __report,
                ::magicbutton::__private::v1::Telling::All,
            );
            let __at = &mut __at;
            match self {
                Self { items: __field_0, .. } => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("items"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            __at.dive(__field_0);
                        },
                    );
                }
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
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Ordered {
        pub item: Item,
    }
    impl ::magicbutton::__private::v1::garde::Validate for Ordered {
        type Context = ();
        fn validate_into(
            &self,
            _: &(),
            __path: &mut dyn ::core::ops::FnMut(
            ) -> ::magicbutton::__private::v1::garde::Path,
            __report: &mut ::magicbutton::__private::v1::garde::Report,
        ) {
            let mut __at = ::magicbutton::__private::v1::At::new(
                __path,
                __report,
                ::magicbutton::__private::v1::Telling::All,
            );
            let __at = &mut __at;
            match self {
                Self { item: __field_0, .. } => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("item"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            __at.dive(__field_0);
                        },
                    );
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::Event for Ordered {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[0];
        const RULES: ::magicbutton::__private::v1::Rules<Self> = ::core::option::Option::Some(
            ::magicbutton::__private::v1::held::<Self>,
        );
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Ordered {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Closed {
        pub at: u32,
    }
    impl ::magicbutton::__private::v1::Event for Closed {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[1];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Closed {}
    /// The payload of each request: what travels, and what middleware sees.
    #[allow(missing_docs, unused_imports)]
    pub mod requests {
        use super::*;
        #[derive(
            ::core::clone::Clone,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Order {
            pub items: Vec<Item>,
            pub password: String,
            pub again: String,
            pub note: String,
        }
        impl ::core::fmt::Debug for Order {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    Self {
                        items: field_0,
                        password: _,
                        again: field_2,
                        note: field_3,
                    } => {
                        f.debug_struct("Order")
                            .field("items", field_0)
                            .field("password", &::magicbutton::__private::v1::Hidden)
                            .field("again", field_2)
                            .field("note", field_3)
                            .finish()
                    }
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
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Watch {
            pub at: u32,
        }
    }
    impl ::magicbutton::__private::v1::Request for requests::Order {
        type Reply = Page<Item>;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[0];
        const RULES: ::magicbutton::__private::v1::Rules<Self> = ::core::option::Option::Some(
            ::magicbutton::__private::v1::held::<Self>,
        );
        const REPLY_RULES: ::magicbutton::__private::v1::Rules<Page<Item>> = {
            #[allow(unused_imports)]
            use ::magicbutton::__private::v1::NoRules as _;
            ::magicbutton::__private::v1::Probe::<Page<Item>>::RULES
        };
    }
    impl ::magicbutton::__private::v1::garde::Validate for requests::Order {
        type Context = ();
        fn validate_into(
            &self,
            _: &(),
            __path: &mut dyn ::core::ops::FnMut(
            ) -> ::magicbutton::__private::v1::garde::Path,
            __report: &mut ::magicbutton::__private::v1::garde::Report,
        ) {
            let mut __at = ::magicbutton::__private::v1::At::new(
                __path,
                __report,
                ::magicbutton::__private::v1::Telling::Rules,
            );
            let __at = &mut __at;
            __at.quoting((sober)(self, &()));
            match self {
                Self { items: __field_0, password: __field_1, again: __field_2, .. } => {
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("items"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            __at.dive(__field_0);
                            {
                                use ::magicbutton::__private::v1::garde::rules::length::simple::apply as __rule;
                                __at.rule(
                                    __rule(__field_0, (1, ::core::primitive::usize::MAX)),
                                );
                            }
                        },
                    );
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("password"),
                        ::magicbutton::__private::v1::Telling::Place,
                        |__at| {
                            {
                                use ::magicbutton::__private::v1::garde::rules::length::simple::apply as __rule;
                                __at.rule(
                                    __rule(__field_1, (8, ::core::primitive::usize::MAX)),
                                );
                            }
                        },
                    );
                    __at.part(
                        ::magicbutton::__private::v1::Place::Named("again"),
                        ::magicbutton::__private::v1::Telling::All,
                        |__at| {
                            {
                                use ::magicbutton::__private::v1::garde::rules::matches::apply as __rule;
                                __at.rule(__rule(__field_2, ("password", __field_1)));
                            }
                        },
                    );
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::Request for requests::Watch {
        type Reply = u32;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[1];
        const REPLY_RULES: ::magicbutton::__private::v1::Rules<u32> = {
            #[allow(unused_imports)]
            use ::magicbutton::__private::v1::NoRules as _;
            ::magicbutton::__private::v1::Probe::<u32>::RULES
        };
    }
    /// What a service of the contract `shop` does. Write each method as `async fn`.
    pub trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
        fn order(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            items: Vec<Item>,
            password: String,
            again: String,
            note: String,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                Page<Item>,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn watch(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            at: u32,
        ) -> impl ::magicbutton::__private::v1::Stream<
            Item = ::magicbutton::__private::v1::Reply<
                u32,
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
                    .unary(|run, request: ::std::boxed::Box<requests::Order>| async move {
                        run.once(|service, cx| Service::order(
                                service,
                                cx,
                                request.items,
                                request.password,
                                request.again,
                                request.note,
                            ))
                            .await
                    })
                    .streamed(|run, request: ::std::boxed::Box<requests::Watch>, items| async move {
                        run.many(
                                items,
                                |service, cx| Service::watch(service, cx, request.at),
                            )
                            .await
                    })
            },
        )
    }
    /// A client of the contract `shop`. Clones share one connection.
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
        pub fn order(
            &self,
            items: Vec<Item>,
            password: String,
            again: String,
            note: String,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Order> {
            self.0
                .call(requests::Order {
                    items,
                    password,
                    again,
                    note,
                })
        }
        pub fn watch(
            &self,
            at: u32,
        ) -> ::magicbutton::__private::v1::StreamCall<'_, requests::Watch> {
            self.0.stream(requests::Watch { at })
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
        Ordered(::std::sync::Arc<Ordered>),
        Closed(::std::sync::Arc<Closed>),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Event {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Ordered(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "ordered",
                        payload,
                    )
                }
                Self::Closed(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "closed",
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
        const NAMES: &'static [&'static str] = &["ordered", "closed"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "ordered" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Ordered(::std::sync::Arc::new(event)))
                }
                "closed" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Closed(::std::sync::Arc::new(event)))
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
                "shop/ordered" | "ordered" => {
                    <Ordered as ::magicbutton::__private::v1::Subscribe>::receive(
                            message,
                        )
                        .map(|event| { ::std::sync::Arc::new(Self::Ordered(event)) })
                }
                "shop/closed" | "closed" => {
                    <Closed as ::magicbutton::__private::v1::Subscribe>::receive(message)
                        .map(|event| { ::std::sync::Arc::new(Self::Closed(event)) })
                }
                other => {
                    ::core::result::Result::Err(
                        ::magicbutton::__private::v1::DecodeError::unknown(other),
                    )
                }
            }
        }
        fn found_wrong(&self) -> ::magicbutton::__private::v1::Violations {
            match self {
                Self::Ordered(value) => ::magicbutton::__private::v1::held(&**value),
                _ => ::core::default::Default::default(),
            }
        }
    }
    impl ::magicbutton::__private::v1::Publish for Event {
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::Ordered(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
                Self::Closed(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
            }
        }
        fn violations(&self) -> ::magicbutton::__private::v1::Violations {
            match self {
                Self::Ordered(value) => ::magicbutton::__private::v1::held(&**value),
                _ => ::core::default::Default::default(),
            }
        }
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Event {}
    impl ::core::convert::From<Ordered> for Event {
        fn from(event: Ordered) -> Self {
            Self::Ordered(::std::sync::Arc::new(event))
        }
    }
    impl ::core::convert::From<Closed> for Event {
        fn from(event: Closed) -> Self {
            Self::Closed(::std::sync::Arc::new(event))
        }
    }
    /// Any request of the contract: to be written to a log, and sent as it is.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum Request {
        Order(requests::Order),
        Watch(requests::Watch),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Request {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Order(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "order",
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
        const NAMES: &'static [&'static str] = &["order", "watch"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "order" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Order)
                }
                "watch" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Watch)
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
                Self::Order(_) => {
                    <requests::Order as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Watch(_) => {
                    <requests::Watch as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
            }
        }
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::Order(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Watch(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
            }
        }
        fn violations(&self) -> ::magicbutton::__private::v1::Violations {
            match self {
                Self::Order(value) => ::magicbutton::__private::v1::held(value),
                _ => ::core::default::Default::default(),
            }
        }
    }
    impl ::core::convert::From<requests::Order> for Request {
        fn from(request: requests::Order) -> Self {
            Self::Order(request)
        }
    }
    impl ::core::convert::From<requests::Watch> for Request {
        fn from(request: requests::Watch) -> Self {
            Self::Watch(request)
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
    pub enum Error {}
    impl ::core::fmt::Display for Error {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match *self {}
        }
    }
    impl ::core::error::Error for Error {}
    impl ::magicbutton::__private::v1::DeclaredError for Error {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = CONTRACT
            .errors;
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match *self {}
        }
    }
    /// Everything known of the contract without its types.
    pub static CONTRACT: ::magicbutton::__private::v1::ContractDescriptor = ::magicbutton::__private::v1::ContractDescriptor::declared(
        "shop",
        "1.0.0",
        8590823342877526528u64,
        "",
        &[
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                    "order",
                    "shop/order",
                    "",
                    false,
                    false,
                    false,
                )
                .hiding(&["password"], &["items", "again", "note"]),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "watch",
                "shop/watch",
                "",
                true,
                false,
                false,
            ),
        ],
        &[
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "ordered",
                "shop/ordered",
                "",
            ),
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "closed",
                "shop/closed",
                "",
            ),
        ],
        &[],
    );
}
