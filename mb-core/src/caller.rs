//! Who is at the other end of a connection, as its server knows it.

use std::{
    fmt,
    sync::{Arc, Weak},
    time::SystemTime,
};

use serde_json::{Map, Value};

use crate::{Hello, Host, Link};

/// What a server knows of one connected client. The client said most of it about itself; only
/// `connection_id` and `connected_at` are the server's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// The id it registered with, or one the server made.
    pub client_id: String,
    /// What kind of client it says it is: `web`, `service`.
    pub kind: String,
    /// What it says it can do.
    pub capabilities: Vec<String>,
    /// Whatever else it said.
    pub metadata: Map<String, Value>,
    /// Unique within the server, never reused.
    pub connection_id: String,
    /// When it connected.
    pub connected_at: SystemTime,
}

/// The client a message came from, and the way back to it.
pub struct Caller {
    info: ClientInfo,
    host: Weak<dyn Host>,
    back: Arc<dyn Link>,
}

impl Caller {
    /// A client that has just connected to `host` and can be reached over `back`.
    pub fn new(
        hello: Hello,
        connection_id: String,
        host: Weak<dyn Host>,
        back: Arc<dyn Link>,
    ) -> Self {
        let Hello { client_id, kind, capabilities, metadata } = hello;
        let client_id = client_id.unwrap_or_else(|| format!("anonymous-{connection_id}"));
        let connected_at = SystemTime::now();
        let info =
            ClientInfo { client_id, kind, capabilities, metadata, connection_id, connected_at };
        Self { info, host, back }
    }

    /// Everything known of the client.
    pub fn info(&self) -> &ClientInfo {
        &self.info
    }

    /// The id it registered with, or one the server made.
    pub fn id(&self) -> &str {
        &self.info.client_id
    }

    /// What kind of client it says it is.
    pub fn kind(&self) -> &str {
        &self.info.kind
    }

    /// What it says it can do.
    pub fn capabilities(&self) -> &[String] {
        &self.info.capabilities
    }

    /// One entry of what else it said about itself.
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.info.metadata.get(key)
    }

    /// The way back to the client, for transports and the runtime.
    pub fn back(&self) -> &Arc<dyn Link> {
        &self.back
    }

    pub(crate) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.upgrade()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}
