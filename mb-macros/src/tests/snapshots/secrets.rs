#[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
pub mod vault {
    use super::Stamp;
    use std::collections::HashMap;
    #[allow(unused_imports)]
    use ::magicbutton::__private::v1::serde as __magicbutton_serde;
    #[derive(
        ::core::clone::Clone,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Card {
        pub holder: String,
        #[serde(alias = "no")]
        pub card_number: String,
    }
    impl ::core::fmt::Debug for Card {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self { holder: field_0, card_number: _ } => {
                    f.debug_struct("Card")
                        .field("holder", field_0)
                        .field("card_number", &::magicbutton::__private::v1::Hidden)
                        .finish()
                }
            }
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde")]
    pub struct Pin(pub u32);
    impl ::core::fmt::Debug for Pin {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self(_) => {
                    f.debug_tuple("Pin")
                        .field(&::magicbutton::__private::v1::Hidden)
                        .finish()
                }
            }
        }
    }
    #[derive(
        ::core::clone::Clone,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(
        crate = "self::__magicbutton_serde",
        rename_all = "camelCase",
        rename_all_fields = "camelCase"
    )]
    pub enum Proof<T> {
        None,
        Password(String),
        Key { r#type: String, f: T },
    }
    impl<T: ::core::fmt::Debug> ::core::fmt::Debug for Proof<T> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::None => f.debug_struct("None").finish(),
                Self::Password(_) => {
                    f.debug_tuple("Password")
                        .field(&::magicbutton::__private::v1::Hidden)
                        .finish()
                }
                Self::Key { r#type: _, f: field_1 } => {
                    f.debug_struct("Key")
                        .field("type", &::magicbutton::__private::v1::Hidden)
                        .field("f", field_1)
                        .finish()
                }
            }
        }
    }
    pub type Wallet = HashMap<String, Vec<Card>>;
    #[derive(
        ::core::clone::Clone,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Opened {
        pub by_whom: String,
        pub at: u64,
    }
    impl ::core::fmt::Debug for Opened {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self { by_whom: _, at: field_1 } => {
                    f.debug_struct("Opened")
                        .field("by_whom", &::magicbutton::__private::v1::Hidden)
                        .field("at", field_1)
                        .finish()
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::Event for Opened {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[0];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Opened {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Seen {
        pub card: Option<Wallet>,
        pub count: u32,
    }
    impl ::magicbutton::__private::v1::Event for Seen {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[1];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Seen {}
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::magicbutton::__private::v1::serde::Serialize,
        ::magicbutton::__private::v1::serde::Deserialize
    )]
    #[serde(crate = "self::__magicbutton_serde", rename_all = "camelCase")]
    pub struct Closed {
        pub at: u64,
    }
    impl ::magicbutton::__private::v1::Event for Closed {
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::EventDescriptor = &CONTRACT
            .events[2];
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Closed {}
    #[derive(
        ::core::clone::Clone,
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
    pub enum VaultError {
        #[serde(rename = "REFUSED")]
        Refused { at: u64, tried: String },
        #[serde(rename = "BUSY")]
        Busy,
    }
    impl ::core::fmt::Debug for VaultError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Refused { at: field_0, tried: _ } => {
                    f.debug_struct("Refused")
                        .field("at", field_0)
                        .field("tried", &::magicbutton::__private::v1::Hidden)
                        .finish()
                }
                Self::Busy => f.debug_struct("Busy").finish(),
            }
        }
    }
    impl ::core::fmt::Display for VaultError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Refused { at, .. } => ::core::write!(f, "not at {0}", at),
                Self::Busy { .. } => ::core::write!(f, "closed"),
            }
        }
    }
    impl ::core::error::Error for VaultError {}
    impl ::magicbutton::__private::v1::DeclaredError for VaultError {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = ::magicbutton::__private::v1::part(
            CONTRACT.errors,
            0usize,
            2usize,
        );
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::Refused { .. } => &Self::VARIANTS[0usize],
                Self::Busy { .. } => &Self::VARIANTS[1usize],
            }
        }
    }
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
        /// Opens it.
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Open {
            pub user: String,
            /// Not for logs.
            #[serde(rename = "pass-word")]
            pub password: String,
            pub proof: Option<Proof<u8>>,
            pub stamp: Stamp,
        }
        impl ::core::fmt::Debug for Open {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    Self {
                        user: field_0,
                        password: _,
                        proof: field_2,
                        stamp: field_3,
                    } => {
                        f.debug_struct("Open")
                            .field("user", field_0)
                            .field("password", &::magicbutton::__private::v1::Hidden)
                            .field("proof", field_2)
                            .field("stamp", field_3)
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
        pub struct Change {
            pub pin: Pin,
            pub when: u64,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Cards {
            pub user: String,
        }
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Guess {}
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::magicbutton::__private::v1::serde::Serialize,
            ::magicbutton::__private::v1::serde::Deserialize
        )]
        #[serde(crate = "super::__magicbutton_serde", rename_all = "camelCase")]
        pub struct Count {
            pub of: Vec<String>,
        }
    }
    impl ::magicbutton::__private::v1::Request for requests::Open {
        type Reply = u32;
        type Error = VaultError;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[0];
    }
    impl ::magicbutton::__private::v1::Request for requests::Change {
        type Reply = ();
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[1];
    }
    impl ::magicbutton::__private::v1::Request for requests::Cards {
        type Reply = Card;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[2];
    }
    impl ::magicbutton::__private::v1::Request for requests::Guess {
        type Reply = Vec<Pin>;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[3];
    }
    impl ::magicbutton::__private::v1::Request for requests::Count {
        type Reply = u32;
        type Error = ::magicbutton::__private::v1::Never;
        const DESCRIPTOR: &'static ::magicbutton::__private::v1::RequestDescriptor = &CONTRACT
            .requests[4];
    }
    /// What a service of the contract `vault` does. Write each method as `async fn`.
    pub trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
        /// Opens it.
        fn open(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            user: String,
            password: String,
            proof: Option<Proof<u8>>,
            stamp: Stamp,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<u32, VaultError>,
        > + ::core::marker::Send;
        fn change(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            pin: Pin,
            when: u64,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                (),
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn cards(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            user: String,
        ) -> impl ::magicbutton::__private::v1::Stream<
            Item = ::magicbutton::__private::v1::Reply<
                Card,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn guess(
            &self,
            cx: &::magicbutton::__private::v1::Context,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
                Vec<Pin>,
                ::magicbutton::__private::v1::Never,
            >,
        > + ::core::marker::Send;
        fn count(
            &self,
            cx: &::magicbutton::__private::v1::Context,
            of: Vec<String>,
        ) -> impl ::core::future::Future<
            Output = ::magicbutton::__private::v1::Reply<
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
                    .unary(|run, request: ::std::boxed::Box<requests::Open>| async move {
                        run.once(|service, cx| Service::open(
                                service,
                                cx,
                                request.user,
                                request.password,
                                request.proof,
                                request.stamp,
                            ))
                            .await
                    })
                    .unary(|run, request: ::std::boxed::Box<requests::Change>| async move {
                        run.once(|service, cx| Service::change(
                                service,
                                cx,
                                request.pin,
                                request.when,
                            ))
                            .await
                    })
                    .streamed(|run, request: ::std::boxed::Box<requests::Cards>, items| async move {
                        run.many(
                                items,
                                |service, cx| Service::cards(service, cx, request.user),
                            )
                            .await
                    })
                    .unary(|run, _request: ::std::boxed::Box<requests::Guess>| async move {
                        run.once(|service, cx| Service::guess(service, cx)).await
                    })
                    .unary(|run, request: ::std::boxed::Box<requests::Count>| async move {
                        run.once(|service, cx| Service::count(service, cx, request.of))
                            .await
                    })
            },
        )
    }
    /// A client of the contract `vault`. Clones share one connection.
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
        /// Opens it.
        pub fn open(
            &self,
            user: String,
            password: String,
            proof: Option<Proof<u8>>,
            stamp: Stamp,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Open> {
            self.0
                .call(requests::Open {
                    user,
                    password,
                    proof,
                    stamp,
                })
        }
        pub fn change(
            &self,
            pin: Pin,
            when: u64,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Change> {
            self.0.call(requests::Change { pin, when })
        }
        pub fn cards(
            &self,
            user: String,
        ) -> ::magicbutton::__private::v1::StreamCall<'_, requests::Cards> {
            self.0.stream(requests::Cards { user })
        }
        pub fn guess(&self) -> ::magicbutton::__private::v1::Call<'_, requests::Guess> {
            self.0.call(requests::Guess {})
        }
        pub fn count(
            &self,
            of: Vec<String>,
        ) -> ::magicbutton::__private::v1::Call<'_, requests::Count> {
            self.0.call(requests::Count { of })
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
        Opened(::std::sync::Arc<Opened>),
        Seen(::std::sync::Arc<Seen>),
        Closed(::std::sync::Arc<Closed>),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Event {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Opened(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "opened",
                        payload,
                    )
                }
                Self::Seen(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "event",
                        "seen",
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
        const NAMES: &'static [&'static str] = &["opened", "seen", "closed"];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "opened" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Opened(::std::sync::Arc::new(event)))
                }
                "seen" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(|event| Self::Seen(::std::sync::Arc::new(event)))
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
                "vault/opened" | "opened" => {
                    <Opened as ::magicbutton::__private::v1::Subscribe>::receive(message)
                        .map(|event| { ::std::sync::Arc::new(Self::Opened(event)) })
                }
                "vault/seen" | "seen" => {
                    <Seen as ::magicbutton::__private::v1::Subscribe>::receive(message)
                        .map(|event| { ::std::sync::Arc::new(Self::Seen(event)) })
                }
                "vault/closed" | "closed" => {
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
    }
    impl ::magicbutton::__private::v1::Publish for Event {
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::Opened(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
                Self::Seen(event) => ::magicbutton::__private::v1::Message::event(event),
                Self::Closed(event) => {
                    ::magicbutton::__private::v1::Message::event(event)
                }
            }
        }
    }
    impl ::magicbutton::__private::v1::EventOf<Client> for Event {}
    impl ::core::convert::From<Opened> for Event {
        fn from(event: Opened) -> Self {
            Self::Opened(::std::sync::Arc::new(event))
        }
    }
    impl ::core::convert::From<Seen> for Event {
        fn from(event: Seen) -> Self {
            Self::Seen(::std::sync::Arc::new(event))
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
        /// Opens it.
        Open(requests::Open),
        Change(requests::Change),
        Cards(requests::Cards),
        Guess(requests::Guess),
        Count(requests::Count),
    }
    impl ::magicbutton::__private::v1::serde::Serialize for Request {
        fn serialize<__S: ::magicbutton::__private::v1::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            match self {
                Self::Open(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "open",
                        payload,
                    )
                }
                Self::Change(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "change",
                        payload,
                    )
                }
                Self::Cards(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "cards",
                        payload,
                    )
                }
                Self::Guess(payload) => {
                    ::magicbutton::__private::v1::write_tagged(
                        serializer,
                        "requestType",
                        "guess",
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
            "open",
            "change",
            "cards",
            "guess",
            "count",
        ];
        fn read<'de, __D: ::magicbutton::__private::v1::serde::Deserializer<'de>>(
            name: &str,
            payload: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            match name {
                "open" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Open)
                }
                "change" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Change)
                }
                "cards" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Cards)
                }
                "guess" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Guess)
                }
                "count" => {
                    ::magicbutton::__private::v1::serde::Deserialize::deserialize(
                            payload,
                        )
                        .map(Self::Count)
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
                Self::Open(_) => {
                    <requests::Open as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Change(_) => {
                    <requests::Change as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Cards(_) => {
                    <requests::Cards as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Guess(_) => {
                    <requests::Guess as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
                Self::Count(_) => {
                    <requests::Count as ::magicbutton::__private::v1::Request>::DESCRIPTOR
                }
            }
        }
        fn into_message(self) -> ::magicbutton::__private::v1::Message {
            match self {
                Self::Open(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Change(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Cards(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Guess(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
                Self::Count(request) => {
                    ::magicbutton::__private::v1::Message::request(request)
                }
            }
        }
    }
    impl ::core::convert::From<requests::Open> for Request {
        fn from(request: requests::Open) -> Self {
            Self::Open(request)
        }
    }
    impl ::core::convert::From<requests::Change> for Request {
        fn from(request: requests::Change) -> Self {
            Self::Change(request)
        }
    }
    impl ::core::convert::From<requests::Cards> for Request {
        fn from(request: requests::Cards) -> Self {
            Self::Cards(request)
        }
    }
    impl ::core::convert::From<requests::Guess> for Request {
        fn from(request: requests::Guess) -> Self {
            Self::Guess(request)
        }
    }
    impl ::core::convert::From<requests::Count> for Request {
        fn from(request: requests::Count) -> Self {
            Self::Count(request)
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
        VaultError(VaultError),
    }
    impl ::core::fmt::Display for Error {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::VaultError(error) => ::core::fmt::Display::fmt(error, f),
            }
        }
    }
    impl ::core::error::Error for Error {}
    impl ::magicbutton::__private::v1::DeclaredError for Error {
        const VARIANTS: &'static [::magicbutton::__private::v1::ErrorDescriptor] = CONTRACT
            .errors;
        fn descriptor(&self) -> &'static ::magicbutton::__private::v1::ErrorDescriptor {
            match self {
                Self::VaultError(error) => {
                    ::magicbutton::__private::v1::DeclaredError::descriptor(error)
                }
            }
        }
    }
    impl ::core::convert::From<VaultError> for Error {
        fn from(error: VaultError) -> Self {
            Self::VaultError(error)
        }
    }
    /// Everything known of the contract without its types.
    pub static CONTRACT: ::magicbutton::__private::v1::ContractDescriptor = ::magicbutton::__private::v1::ContractDescriptor::declared(
        "vault",
        "1.0.0",
        10723066481025405632u64,
        "",
        &[
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                    "open",
                    "vault/open",
                    "Opens it.",
                    false,
                    false,
                    false,
                )
                .within(::core::time::Duration::from_millis(1500u64))
                .hiding(
                    &[
                        "byWhom",
                        "cardNumber",
                        "no",
                        "pass-word",
                        "pin",
                        "proof",
                        "stamp",
                        "tried",
                        "type",
                    ],
                    &["user"],
                ),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                    "change",
                    "vault/change",
                    "",
                    false,
                    false,
                    false,
                )
                .hiding(&["pin"], &["when"]),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                    "cards",
                    "vault/cards",
                    "",
                    true,
                    false,
                    false,
                )
                .hiding(&["cardNumber", "no"], &["user"]),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                    "guess",
                    "vault/guess",
                    "",
                    false,
                    false,
                    false,
                )
                .hiding(&[""], &[]),
            ::magicbutton::__private::v1::RequestDescriptor::declared(
                "count",
                "vault/count",
                "",
                false,
                false,
                false,
            ),
        ],
        &[
            ::magicbutton::__private::v1::EventDescriptor::declared(
                    "opened",
                    "vault/opened",
                    "",
                )
                .hiding(&["byWhom"], &["at"]),
            ::magicbutton::__private::v1::EventDescriptor::declared(
                    "seen",
                    "vault/seen",
                    "",
                )
                .hiding(&["cardNumber", "no"], &["count"]),
            ::magicbutton::__private::v1::EventDescriptor::declared(
                "closed",
                "vault/closed",
                "",
            ),
        ],
        &[
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                    "REFUSED",
                    401u16,
                    "not at {at}",
                    false,
                    "",
                    true,
                )
                .hiding(&["tried"], &["at"]),
            ::magicbutton::__private::v1::ErrorDescriptor::declared(
                "BUSY",
                503u16,
                "closed",
                false,
                "",
                false,
            ),
        ],
    );
}
