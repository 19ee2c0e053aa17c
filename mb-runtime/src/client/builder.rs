//! A client about to connect.

use std::{sync::Arc, time::Duration};

use mb_core::{Connected, Fault, FaultKind, Hello, IntoEndpoint, Link, Transport};
use serde_json::Value;

use super::{Client, Shared, inbound::Inbound};
use crate::{
    dispatch::ServedContract,
    server::{self, Server},
    transports::Transports,
};

/// A client about to connect. Made by [`Client::builder`].
#[must_use = "a client is there when it is connected"]
#[derive(Default)]
pub struct ClientBuilder {
    hello: Hello,
    timeout: Option<Duration>,
    transports: Transports,
}

impl ClientBuilder {
    /// The id the client wants to be known by; the server makes one where there is none.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.hello.client_id = Some(id.into());
        self
    }

    /// What kind of client it is: `web`, `service`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.hello.kind = kind.into();
        self
    }

    /// Adds something the client can do.
    pub fn capability(mut self, capability: impl Into<String>) -> Self {
        self.hello.capabilities.push(capability.into());
        self
    }

    /// Adds something else the server may want to know.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.hello.metadata.insert(key.into(), value.into());
        self
    }

    /// How long every call may take, unless the call says otherwise; streams have no such limit. In
    /// process there is no limit
    /// unless one is set: a timer per call is not free.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Adds a transport beside those of the features. It answers to its schemes before them.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transports.add(Arc::new(transport));
        self
    }

    /// Connects. Cancel safe: a dropped attempt leaves nothing behind.
    ///
    /// # Errors
    /// `UNAVAILABLE` where nobody serves the endpoint or the server takes no more clients;
    /// `VALIDATION_FAILED` where the connection string is wrong.
    pub async fn connect(self, endpoint: impl IntoEndpoint) -> Result<Client, Fault> {
        let refuse = |reason: String| Fault::new(FaultKind::ValidationFailed, reason).of_call();
        let endpoint = endpoint.into_endpoint().map_err(|error| refuse(error.to_string()))?;
        let transport =
            self.transports.find(&endpoint).map_err(|error| refuse(error.to_string()))?;
        let inbound = Inbound::new();
        let back = Arc::clone(&inbound) as Arc<dyn Link>;
        let connected = transport.connect(&endpoint, self.hello, back).await;
        let connected = connected.map_err(Fault::of_call)?;
        Ok(client(connected, inbound, self.timeout, None))
    }
}

/// A client of a server that nobody else can reach, and that lives as long as the client.
pub(super) fn in_process(contract: ServedContract) -> Client {
    let inbound = Inbound::new();
    let (server, connected) = server::in_process(contract, Arc::clone(&inbound) as Arc<dyn Link>);
    client(connected, inbound, None, Some(server))
}

fn client(
    connected: Connected,
    inbound: Arc<Inbound>,
    timeout: Option<Duration>,
    server: Option<Server>,
) -> Client {
    Client(Arc::new(Shared { connected, inbound, timeout, _server: server }))
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("hello", &self.hello).finish_non_exhaustive()
    }
}
