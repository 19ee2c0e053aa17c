/// Greets people.
#[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
pub mod greeter {
    #[allow(unused_imports)]
    use ::magicbutton::__private::v1::serde as __magicbutton_serde;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    /// Somebody was greeted.
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Greeted {
        pub name: String,
    }
    impl ::magicbutton::__private::v1::Event for Greeted {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[0];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Greeted {}
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
    pub enum GreetError {
        #[serde(rename = "NO_NAME")]
        /// A name is needed.
        NoName { name: String },
    }
    impl ::core::fmt::Display for GreetError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::NoName { name } => ::core::write!(f, "{0} is no name", name),
            }
        }
    }
    impl ::core::error::Error for GreetError {}
    impl ::magicbutton::__private::v1::DeclaredError for GreetError {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = ::magicbutton::__private::v1::part(
            CONTRACT.errors,
            0usize,
            1usize,
        );
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::NoName { .. } => &Self::VARIANTS[0usize],
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
        /// Says hello.
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Hello {
            pub name: String,
        }
    }
    impl ::magicbutton::__private::v1::Request for requests::Hello {
        type Reply = String;
        type Error = GreetError;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[0];
    }
    /// What a service of the contract `greeter` does. Write each method as `async fn`.
    pub trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
        /// Says hello.
        fn hello(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            name: String,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<String, GreetError>,
        > + ::core::marker::Send;
    }
    /// The contract with a service that implements it: for `Server::builder().serve(..)`.
    pub fn serve(service: impl Service) -> ::magicbutton::__private::v1::ServedContract {
        ::magicbutton::__private::v1::ServedContract::new(
            &CONTRACT,
            service,
            |handlers| {
                handlers
                    .unary(|run, request: ::std::boxed::Box<requests::Hello>| async move {
                        run.once(|service, cx| Service::hello(service, cx, request.name))
                            .await
                    })
            },
        )
    }
    /// A client of the contract `greeter`. Clones share one connection.
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
        /// Says hello.
        pub fn hello(
            &self,
            name: String,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Hello> {
            self.0.call(requests::Hello { name })
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
        /// Somebody was greeted.
        Greeted(::std::sync::Arc<Greeted>),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Event {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Greeted(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "greeted",
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
        const NAMES: &'static [&'static str] = &["greeted"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "greeted" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Greeted(::std::sync::Arc::new(event)))
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
                "greeter/greeted" | "greeted" => {
                    <Greeted as ::magicbutton::__private::v1::Subscribe>::receive(
                            message,
                        )
                        .map(|event| { ::std::sync::Arc::new(Self::Greeted(event)) })
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
                Self::Greeted(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Event {}
    impl ::core::convert::From<Greeted> for Event {
        fn from(event: Greeted) -> Self {
            Self::Greeted(::std::sync::Arc::new(event))
        }
    }
    /// Any request of the contract: to be written to a log, and sent as it is.
    #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum Request {
        /// Says hello.
        Hello(requests::Hello),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Request {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Hello(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "hello",
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
        const NAMES: &'static [&'static str] = &["hello"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "hello" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Hello)
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
                Self::Hello(_) => {
                    <requests::Hello as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
            }
        }
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::Hello(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
            }
        }
    }
    impl ::core::convert::From<requests::Hello> for Request {
        fn from(request: requests::Hello) -> Self {
            Self::Hello(request)
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
        GreetError(GreetError),
    }
    impl ::core::fmt::Display for Error {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::GreetError(error) => ::core::fmt::Display::fmt(error, f),
            }
        }
    }
    impl ::core::error::Error for Error {}
    impl ::magicbutton::__private::v1::DeclaredError for Error {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = CONTRACT
            .errors;
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::GreetError(error) => {
                    ::magicbutton::__private::v1::DeclaredError::descriptor(error)
                }
            }
        }
    }
    impl ::core::convert::From<GreetError> for Error {
        fn from(error: GreetError) -> Self {
            Self::GreetError(error)
        }
    }
    /// Everything known of the contract without its types.
    pub static CONTRACT: ::magicbutton::__private::v1::ContractDescriptor = ::magicbutton::__private::v1::ContractDescriptor::declared(
        "greeter",
        "1.0.0",
        9616734216515323102u64,
        "Greets people.",
        &[
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "hello",
                "greeter/hello",
                "Says hello.",
                false,
                false,
                false,
            ),
        ],
        &[
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "greeted",
                "greeter/greeted",
                "Somebody was greeted.",
            ),
        ],
        &[
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                "NO_NAME",
                400u16,
                "{name} is no name",
                false,
                "A name is needed.",
                true,
            ),
        ],
    );
}
