//! What a transport owes: to connect a client to a server, and to bind a server to an endpoint.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{Caller, ContractDescriptor, Endpoint, Fault, Link, Message};

/// Moves messages between two programs, or two parts of one.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// The schemes of connection strings that it answers to: `memory`.
    fn schemes(&self) -> &'static [&'static str];

    /// Connects a client that introduces itself with `hello` and takes what the server sends over
    /// `inbound`. A server that is not there is an `UNAVAILABLE` fault at once.
    ///
    /// Cancel safe: a dropped attempt leaves nothing behind.
    async fn connect(
        &self,
        endpoint: &Endpoint,
        hello: Hello,
        inbound: Arc<dyn Link>,
    ) -> Result<Connected, Fault>;

    /// Starts taking connections for `host`. The endpoint may be shared with nobody: a second
    /// server on it is refused.
    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError>;
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
    /// What the server serves.
    pub contracts: Arc<[&'static ContractDescriptor]>,
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

    /// Stops taking connections; those that are open stay. Idempotent.
    async fn close(&mut self);
}

/// A server cannot listen on an endpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody serves it already.
    #[error("{endpoint} is served already")]
    InUse {
        /// The endpoint asked for.
        endpoint: Endpoint,
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
