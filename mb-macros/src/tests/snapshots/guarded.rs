#[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
pub mod library {
    #[allow(unused_imports)]
    use ::magicbutton::__private::v1::serde as __magicbutton_serde;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    /// Who there is.
    #[allow(dead_code)]
    #[serde(
        crate = "self::__magicbutton_serde",
        rename_all = "camelCase",
        rename_all_fields = "camelCase"
    )]
    pub enum Role {
        /// Reads.
        #[serde(rename = "reader")]
        Reader,
        #[serde(rename = "head-librarian")]
        HeadLibrarian,
        #[serde(rename = "boss")]
        Owner,
    }
    impl ::core::fmt::Display for Role {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::magicbutton::__private::v1::serde::Serialize::serialize(self, f)
        }
    }
    impl ::core::str::FromStr for Role {
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
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Lent {
        pub title: String,
    }
    impl ::magicbutton::__private::v1::Event for Lent {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[0];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Lent {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Moved {
        pub title: String,
    }
    impl ::magicbutton::__private::v1::Event for Moved {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[1];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Moved {}
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
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct OpeningHours {}
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Whoami {}
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Lend {
            pub title: String,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Card {
            pub number: u32,
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
            pub shelf: String,
        }
    }
    impl ::magicbutton::__private::v1::Request for requests::OpeningHours {
        type Reply = String;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[0];
    }
    impl ::magicbutton::__private::v1::Request for requests::Whoami {
        type Reply = String;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[1];
    }
    impl ::magicbutton::__private::v1::Request for requests::Lend {
        type Reply = bool;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[2];
    }
    impl ::magicbutton::__private::v1::Request for requests::Card {
        type Reply = String;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[3];
    }
    impl ::magicbutton::__private::v1::Request for requests::Watch {
        type Reply = String;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[4];
    }
    /// What a service of the contract `library` does. Write each method as `async fn`.
    pub trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
        fn opening_hours(
            &self,
            cx: &::magicbutton::__private::v1::Context,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                String,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn whoami(
            &self,
            cx: &::magicbutton::__private::v1::Context,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                String,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn lend(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            title: String,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                bool,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        /// Whether this very `card` may be answered, asked of whoever its access rule lets in. `false` is `FORBIDDEN`.
        fn owns_card(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            request: &requests::Card,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<::core::primitive::bool>,
        > + ::core::marker::Send;
        fn card(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            number: u32,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                String,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        /// Whether this very `watch` may be answered, asked of whoever its access rule lets in. `false` is `FORBIDDEN`.
        fn may_watch(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            request: &requests::Watch,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<::core::primitive::bool>,
        > + ::core::marker::Send;
        fn watch(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            shelf: String,
        ) -> impl ::magicbutton::__private::v1::Stream<
            Item = ::magicbutton::__private::v1::Reply<
                String,
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
                    .unary(|run, _request: ::std::boxed::Box<requests::OpeningHours>| async move {
                        run.once(|service, cx| Service::opening_hours(service, cx)).await
                    })
                    .unary(|run, _request: ::std::boxed::Box<requests::Whoami>| async move {
                        run.once(|service, cx| Service::whoami(service, cx)).await
                    })
                    .unary(|run, request: ::std::boxed::Box<requests::Lend>| async move {
                        run.once(|service, cx| Service::lend(service, cx, request.title))
                            .await
                    })
                    .unary(|run, request: ::std::boxed::Box<requests::Card>| async move {
                        let run = &run;
                        run.once(|service, cx| async move {
                                run.pass(Service::owns_card(service, cx, &request).await)?;
                                Service::card(service, cx, request.number).await
                            })
                            .await
                    })
                    .streamed(|run, request: ::std::boxed::Box<requests::Watch>, items| async move {
                        let run = &run;
                        run.many(
                                items,
                                |service, cx| ::magicbutton::__private::v1::guarded(async move {
                                    run.pass(Service::may_watch(service, cx, &request).await)?;
                                    ::core::result::Result::Ok(
                                        Service::watch(service, cx, request.shelf),
                                    )
                                }),
                            )
                            .await
                    })
            },
        )
    }
    /// A client of the contract `library`. Clones share one connection.
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
        pub fn opening_hours(
            &self,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::OpeningHours> {
            self.0.call(requests::OpeningHours {})
        }
        pub fn whoami(
            &self,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Whoami> {
            self.0.call(requests::Whoami {})
        }
        pub fn lend(
            &self,
            title: String,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Lend> {
            self.0.call(requests::Lend { title })
        }
        pub fn card(
            &self,
            number: u32,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Card> {
            self.0.call(requests::Card { number })
        }
        pub fn watch(
            &self,
            shelf: String,
        ) -> ::magicbutton::__private::v1::StreamCall<'_, requests::Watch> {
            self.0.stream(requests::Watch { shelf })
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
        Lent(::std::sync::Arc<Lent>),
        Moved(::std::sync::Arc<Moved>),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Event {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Lent(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "lent",
                        payload,
                    )
                }
                Self::Moved(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "moved",
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
        const NAMES: &'static [&'static str] = &["lent", "moved"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "lent" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Lent(::std::sync::Arc::new(event)))
                }
                "moved" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Moved(::std::sync::Arc::new(event)))
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
                "library/lent" | "lent" => {
                    <Lent as ::magicbutton::__private::v1::Subscribe>::receive(message)
                        .map(|event| { ::std::sync::Arc::new(Self::Lent(event)) })
                }
                "library/moved" | "moved" => {
                    <Moved as ::magicbutton::__private::v1::Subscribe>::receive(message)
                        .map(|event| { ::std::sync::Arc::new(Self::Moved(event)) })
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
                Self::Lent(event) => ::magicbutton::__private::v1::Message::event(event),
                Self::Moved(event) => ::magicbutton::__private::v1::Message::event(event),
            }
        }
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Event {}
    impl ::core::convert::From<Lent> for Event {
        fn from(event: Lent) -> Self {
            Self::Lent(::std::sync::Arc::new(event))
        }
    }
    impl ::core::convert::From<Moved> for Event {
        fn from(event: Moved) -> Self {
            Self::Moved(::std::sync::Arc::new(event))
        }
    }
    /// Any request of the contract: to be written to a log, and sent as it is.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum Request {
        OpeningHours(requests::OpeningHours),
        Whoami(requests::Whoami),
        Lend(requests::Lend),
        Card(requests::Card),
        Watch(requests::Watch),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Request {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::OpeningHours(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "openingHours",
                        payload,
                    )
                }
                Self::Whoami(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "whoami",
                        payload,
                    )
                }
                Self::Lend(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "lend",
                        payload,
                    )
                }
                Self::Card(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "card",
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
        const NAMES: &'static [&'static str] = &[
            "openingHours",
            "whoami",
            "lend",
            "card",
            "watch",
        ];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "openingHours" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::OpeningHours)
                }
                "whoami" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Whoami)
                }
                "lend" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Lend)
                }
                "card" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Card)
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
                Self::OpeningHours(_) => {
                    <requests::OpeningHours as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Whoami(_) => {
                    <requests::Whoami as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Lend(_) => {
                    <requests::Lend as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Card(_) => {
                    <requests::Card as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Watch(_) => {
                    <requests::Watch as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
            }
        }
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::OpeningHours(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Whoami(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Lend(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Card(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Watch(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
            }
        }
    }
    impl ::core::convert::From<requests::OpeningHours> for Request {
        fn from(request: requests::OpeningHours) -> Self {
            Self::OpeningHours(request)
        }
    }
    impl ::core::convert::From<requests::Whoami> for Request {
        fn from(request: requests::Whoami) -> Self {
            Self::Whoami(request)
        }
    }
    impl ::core::convert::From<requests::Lend> for Request {
        fn from(request: requests::Lend) -> Self {
            Self::Lend(request)
        }
    }
    impl ::core::convert::From<requests::Card> for Request {
        fn from(request: requests::Card) -> Self {
            Self::Card(request)
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
            "library",
            "1.0.0",
            6220391691398995776u64,
            "",
            &[
                ::magicbutton::__private::v1::RequestDescriptor::declared(
                        "openingHours",
                        "library/openingHours",
                        "",
                        false,
                        false,
                        false,
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Public,
                        ::core::option::Option::None,
                    ),
                ::magicbutton::__private::v1::RequestDescriptor::declared(
                        "whoami",
                        "library/whoami",
                        "",
                        false,
                        false,
                        false,
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Authenticated,
                        ::core::option::Option::None,
                    ),
                ::magicbutton::__private::v1::RequestDescriptor::declared(
                        "lend",
                        "library/lend",
                        "",
                        false,
                        false,
                        false,
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::All(
                            &[
                                ::magicbutton::__private::v1::Access::Permission(
                                    "book:lend",
                                ),
                                ::magicbutton::__private::v1::Access::Any(
                                    &[
                                        ::magicbutton::__private::v1::Access::Role(
                                            "head-librarian",
                                        ),
                                        ::magicbutton::__private::v1::Access::Permission(
                                            "shelf:move",
                                        ),
                                    ],
                                ),
                            ],
                        ),
                        ::core::option::Option::None,
                    ),
                ::magicbutton::__private::v1::RequestDescriptor::declared(
                        "card",
                        "library/card",
                        "",
                        false,
                        false,
                        false,
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Permission("book:read"),
                        ::core::option::Option::Some("owns_card"),
                    ),
                ::magicbutton::__private::v1::RequestDescriptor::declared(
                        "watch",
                        "library/watch",
                        "",
                        true,
                        false,
                        false,
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Role("reader"),
                        ::core::option::Option::Some("may_watch"),
                    ),
            ],
            &[
                ::magicbutton::__private::v1::EventDescriptor::declared(
                        "lent",
                        "library/lent",
                        "",
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Permission("book:read"),
                        ::magicbutton::__private::v1::Access::Permission("book:read"),
                    ),
                ::magicbutton::__private::v1::EventDescriptor::declared(
                        "moved",
                        "library/moved",
                        "",
                    )
                    .accessible(
                        ::magicbutton::__private::v1::Access::Any(
                            &[
                                ::magicbutton::__private::v1::Access::Permission(
                                    "book:read",
                                ),
                                ::magicbutton::__private::v1::Access::Role("boss"),
                            ],
                        ),
                        ::magicbutton::__private::v1::Access::Role("head-librarian"),
                    ),
            ],
            &[],
        )
        .for_roles(
            &[
                ::magicbutton::__private::v1::RoleDescriptor::declared(
                    "reader",
                    "Reads.",
                    &["reader"],
                    &["book:read"],
                ),
                ::magicbutton::__private::v1::RoleDescriptor::declared(
                    "head-librarian",
                    "",
                    &["head-librarian", "reader"],
                    &["book:lend", "book:read", "shelf:move"],
                ),
                ::magicbutton::__private::v1::RoleDescriptor::declared(
                    "boss",
                    "",
                    &["boss", "head-librarian", "reader"],
                    &["book:lend", "book:read", "shelf:move"],
                ),
            ],
        );
}
