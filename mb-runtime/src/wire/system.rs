//! The system requests and events of the wire format: what every server answers and announces
//! beside its contracts. Every field that may be missing is optional.

use std::time::{SystemTime, UNIX_EPOCH};

use mb_core::{ContractVersion, Fault, WireError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) const REGISTER: &str = "$register";
pub(crate) const UNREGISTER: &str = "$unregister";
pub(crate) const PING: &str = "$ping";
pub(crate) const SERVER_INFO: &str = "$serverInfo";
pub(crate) const SUBSCRIBE: &str = "$subscribe";
pub(crate) const UNSUBSCRIBE: &str = "$unsubscribe";
pub(crate) const LOGIN: &str = "$login";
pub(crate) const LOGOUT: &str = "$logout";

pub(crate) const CONNECTED: &str = "$connected";
pub(crate) const DISCONNECTED: &str = "$disconnected";
pub(crate) const HEARTBEAT: &str = "$heartbeat";
pub(crate) const BROADCAST: &str = "$broadcast";
pub(crate) const ERROR: &str = "$error";

/// Whether a name is the system's: no contract can declare one.
pub(crate) fn is_system(name: &str) -> bool {
    name.starts_with('$')
}

/// The system events that a client may ask for.
pub(crate) const SYSTEM_EVENTS: [&str; 5] = [CONNECTED, DISCONNECTED, HEARTBEAT, BROADCAST, ERROR];

/// Unix milliseconds, now.
pub(crate) fn timestamp() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Register {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    #[serde(default)]
    pub(crate) client_type: String,
    #[serde(default)]
    pub(crate) capabilities: Vec<String>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    /// Ours: the contracts that the client calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contracts: Option<Vec<ContractVersion>>,
    /// Ours: the contracts that the client serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) serves: Vec<ContractVersion>,
    /// Ours: the only events it wants until it subscribes to more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<Vec<String>>,
    /// Ours: the largest frame it takes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_message: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    pub(crate) success: bool,
    pub(crate) connection_id: String,
    pub(crate) server_id: String,
    #[serde(default)]
    pub(crate) server_time: u64,
    /// Seconds of silence after which the client counts as gone.
    #[serde(default)]
    pub(crate) ttl: u64,
    /// Ours: the id that the server knows the client by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// Ours: for each contract that the client named, whether it is served, and in which version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) contracts: Vec<Match>,
    /// Ours: every contract that the server serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) serves: Option<Vec<ContractVersion>>,
    /// Ours: the largest frame it takes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_message: Option<usize>,
}

/// What a server says of one contract that a client named.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Match {
    pub(crate) name: String,
    pub(crate) served: bool,
    pub(crate) compatible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unregister {
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    #[serde(default)]
    pub(crate) connection_id: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unregistered {
    pub(crate) success: bool,
    pub(crate) timestamp: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ping {
    #[serde(default)]
    pub(crate) timestamp: Option<Value>,
    #[serde(default)]
    pub(crate) payload: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pong {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp: Option<Value>,
    pub(crate) server_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) echo: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerInfo {
    pub(crate) server_id: String,
    pub(crate) version: String,
    /// Milliseconds since the server was started.
    pub(crate) uptime: u64,
    pub(crate) connected_clients: usize,
    pub(crate) capabilities: Vec<String>,
    pub(crate) server_time: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscribe {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    pub(crate) events: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscribed {
    pub(crate) success: bool,
    pub(crate) subscription_id: String,
    pub(crate) events: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unsubscribe {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    pub(crate) subscription_id: String,
}

/// The answer that says no more than that it worked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) success: bool,
}

/// A client has come or gone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Presence {
    pub(crate) client_id: String,
    pub(crate) connection_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    pub(crate) timestamp: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) timestamp: u64,
}

/// Something said to everybody, outside of any contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Broadcast {
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
    #[serde(default)]
    pub(crate) timestamp: u64,
}

/// What went wrong with something that nobody waits for an answer to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ErrorEvent {
    #[serde(flatten)]
    pub(crate) error: WireError,
    #[serde(default)]
    pub(crate) timestamp: u64,
}

impl ErrorEvent {
    pub(crate) fn new(fault: &Fault) -> Self {
        Self { error: fault.to_wire(), timestamp: timestamp() }
    }

    pub(crate) fn fault(&self) -> Fault {
        Fault::from_wire(self.error.clone())
    }
}
