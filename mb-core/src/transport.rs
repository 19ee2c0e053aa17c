//! What a transport owes: to connect a client to a server, and to bind a server to an endpoint.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{
    Caller, Codec, ContractDescriptor, ContractVersion, Duplex, Endpoint, Fault, FaultKind, Limits,
    Link, Message,
};

/// Moves messages between two programs, or two parts of one.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// The schemes of connection strings that it answers to: `memory`.
    fn schemes(&self) -> &'static [&'static str];

    /// Connects a client. A server that is not there is an `UNAVAILABLE` fault at once, one that
    /// does not answer within [`Limits::handshake`] too.
    ///
    /// Cancel safe: a dropped attempt leaves nothing behind.
    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault>;

    /// Starts taking connections for `host`: hands each client's link to [`Host::accept`], or each
    /// duplex to [`Host::carry`]. The endpoint may be shared with nobody: a second server on it is
    /// refused. Unless the engine is made to share it, as a broker's queue groups are.
    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError>;
}

/// A client about to connect.
#[derive(Clone)]
#[non_exhaustive]
pub struct Dial {
    /// What it says about itself. A transport that gives a [`Duplex`] leaves this to the session.
    pub hello: Hello,
    /// The id to go by where `hello` has none: the same over all connections of one client.
    pub id: String,
    /// Where it takes what the server sends. As `hello`.
    pub inbound: Arc<dyn Link>,
    /// The codecs it has, the one it likes best first.
    pub codecs: Arc<[Codec]>,
    /// What the connection may cost.
    pub limits: Arc<Limits>,
}

/// The link back to the client has nothing to show.
impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("hello", &self.hello)
            .field("id", &self.id)
            .field("codecs", &self.codecs)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What a transport makes of a connection.
#[derive(Debug)]
pub enum Connection {
    /// The engine has requests and events of its own, and the server has let the client in.
    Linked(Connected),
    /// Frames, over which the runtime holds a session.
    Framed(Duplex),
}

impl Dial {
    /// A client about to connect, with the built-in codecs and the default limits.
    pub fn new(hello: Hello, inbound: Arc<dyn Link>) -> Self {
        let id = hello.client_id.clone().unwrap_or_default();
        Self { hello, id, inbound, codecs: Codec::BUILT_IN.into(), limits: Arc::default() }
    }
}

/// The codec that a connection string asks for with `?codec=`, of those there are.
pub fn codec_option(endpoint: &Endpoint, codecs: &[Codec]) -> Result<Option<Codec>, Fault> {
    let Some((_, name)) = endpoint.options().find(|(key, _)| *key == "codec") else {
        return Ok(None);
    };
    let found = codecs.iter().find(|codec| codec.name() == name).cloned();
    found.map(Some).ok_or_else(|| {
        let known: Vec<_> = codecs.iter().map(Codec::name).collect();
        let reason = format!("no codec is called `{name}`: there is {}", known.join(", "));
        Fault::new(FaultKind::ValidationFailed, reason)
    })
}

/// What a client says about itself when it connects. A server believes none of it blindly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hello {
    /// The id it wants to be known by; the server makes one where there is none.
    pub client_id: Option<String>,
    /// What kind of client it is.
    pub kind: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Whatever else the two sides agreed on.
    pub metadata: Map<String, Value>,
    /// The contracts it calls.
    pub speaks: Vec<ContractVersion>,
    /// The contracts it serves itself, for its server to call.
    pub serves: Vec<ContractVersion>,
}

/// The longest id that a client may give itself, in bytes.
const LONGEST_ID: usize = 256;

impl Hello {
    /// Refuses what no client may be called. Servers ask it of everybody, whatever the transport.
    #[doc(hidden)]
    pub fn check(&self) -> Result<(), Fault> {
        match &self.client_id {
            Some(id) if id.is_empty() || id.len() > LONGEST_ID => {
                let reason = format!("a clientId has 1 to {LONGEST_ID} bytes");
                Err(Fault::new(FaultKind::ValidationFailed, reason))
            }
            _ => Ok(()),
        }
    }
}

/// What a client has once it is connected.
#[derive(Clone)]
pub struct Connected {
    /// The way to the server.
    pub link: Arc<dyn Link>,
    /// The server's id.
    pub server_id: String,
    /// The id the server knows this client by.
    pub client_id: String,
    /// The server's name for this connection.
    pub connection_id: String,
    /// What the server serves; `None` where it did not say.
    pub contracts: Option<Arc<[ContractVersion]>>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected")
            .field("server_id", &self.server_id)
            .field("client_id", &self.client_id)
            .field("connection_id", &self.connection_id)
            .finish_non_exhaustive()
    }
}

/// A server, as its transports and its handlers' contexts see it.
pub trait Host: Send + Sync + 'static {
    /// Lets a client in, or says why not.
    fn accept(self: Arc<Self>, hello: Hello, back: Arc<dyn Link>) -> Result<Connected, Fault>;

    /// Holds a session with a client over these frames, until one of the two ends it. Must be
    /// called on a tokio runtime.
    fn carry(self: Arc<Self>, duplex: Duplex);

    /// The codecs it has, the one it likes best first.
    fn codecs(&self) -> &Arc<[Codec]>;

    /// What a connection may cost.
    fn limits(&self) -> &Arc<Limits>;

    /// The server's id.
    fn id(&self) -> &str;

    /// The contracts it serves.
    fn contracts(&self) -> &[&'static ContractDescriptor];

    /// From now on, what is announced to everybody is handed once to `bus`, which reaches whoever
    /// listens on its engine, and no more to each client whose link [hears a bus](Link::hears_bus).
    fn announce_over(&self, bus: Arc<dyn Link>);

    /// Announces an event to every client that wants it. See [`Published`](crate::Published) for
    /// what the future waits for.
    fn broadcast(self: Arc<Self>, event: Message) -> BoxFuture<'static, Result<(), Fault>>;

    /// Sends an event to every connection of one client.
    fn send_to(
        self: Arc<Self>,
        client_id: String,
        event: Message,
    ) -> BoxFuture<'static, Result<(), Fault>>;

    /// The clients that are connected now.
    fn clients(&self) -> Vec<Arc<Caller>>;
}

/// An endpoint that a server listens on. Dropping it stops the listening too.
#[async_trait]
pub trait Binding: Send + Sync {
    /// Where clients connect to: with the real port where port 0 was asked for.
    fn endpoint(&self) -> &Endpoint;

    /// Stops taking connections; those that are open stay. Where requests come without a
    /// connection, stops taking those too, and has handed over every one that it was given: the
    /// server still serves. Idempotent.
    async fn close(&mut self);

    /// Everything is answered, and everybody dismissed: hands what is left to the network and lets
    /// go of it. Bounded in time by the implementer. Nothing to do where connections end themselves.
    async fn end(&mut self) {}
}

/// A server cannot listen on an endpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody serves it already.
    #[error("{endpoint} is served already: stop who serves it, or choose another endpoint")]
    InUse {
        /// The endpoint asked for.
        endpoint: Endpoint,
    },
    /// The operating system does not let it listen there.
    #[error("{endpoint}: {source}")]
    Io {
        /// The endpoint asked for.
        endpoint: Endpoint,
        /// What it said.
        source: std::io::Error,
    },
    /// The connection string asks for something this transport does not have.
    #[error("{endpoint}: {reason}")]
    Invalid {
        /// The endpoint asked for.
        endpoint: Endpoint,
        /// What is wrong with it.
        reason: String,
    },
}
