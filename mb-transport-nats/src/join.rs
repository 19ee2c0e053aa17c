//! How a client and a server get to know each other: JSON, beside any contract.

use std::fmt;

use mb_core::{Connected, ContractVersion, Hello, WireError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A client says who it is, to every server or to one. The reply subject is the connection's.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Join {
    pub(crate) client_id: String,
    /// A token of the engine's making: which of the client's connections this is.
    pub(crate) connection: String,
    #[serde(default)]
    pub(crate) client_type: String,
    #[serde(default)]
    pub(crate) capabilities: Vec<String>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    #[serde(default)]
    pub(crate) contracts: Vec<ContractVersion>,
    #[serde(default)]
    pub(crate) serves: Vec<ContractVersion>,
    /// The largest payload it takes, in bytes.
    pub(crate) max_message: usize,
    #[serde(default)]
    pub(crate) login: LastLogin,
}

/// What a client was logged in with last, so that every server knows.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct LastLogin {
    /// How many logins and logouts of the connection there were: who has heard of fewer is behind.
    pub(crate) number: u64,
    /// `None` where nobody is logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<Value>,
    /// Whether nobody is because a login was given up: a server that has taken it lets its token live.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) given_up: bool,
}

/// What it logs in with stays hidden.
impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A server lets a client in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Joined {
    pub(crate) server_id: String,
    /// This server's own token: several may share an id.
    pub(crate) instance: String,
    pub(crate) client_id: String,
    pub(crate) connection_id: String,
    pub(crate) contracts: Vec<ContractVersion>,
    /// The largest payload it takes, in bytes.
    pub(crate) max_message: usize,
    /// Which of the client's logins this is the answer to.
    #[serde(default)]
    pub(crate) login: u64,
    /// Why that is none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<WireError>,
}

/// A server's answer to a sign of life.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alive {
    pub(crate) instance: String,
    /// Whether it knows the connection, and its last login.
    pub(crate) known: bool,
    /// The calls of the connection that it is at work on, by the last tokens of their reply subjects.
    #[serde(default)]
    pub(crate) running: Vec<String>,
}

/// A server ends a connection.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bye {
    pub(crate) instance: String,
    pub(crate) reason: String,
}

impl Join {
    pub(crate) fn hello(self) -> Hello {
        Hello {
            client_id: Some(self.client_id),
            kind: self.client_type,
            capabilities: self.capabilities,
            metadata: self.metadata,
            speaks: self.contracts,
            serves: self.serves,
        }
    }
}

impl Joined {
    pub(crate) fn new(connected: &Connected, instance: &str, max_message: usize) -> Self {
        Self {
            server_id: connected.server_id.clone(),
            instance: instance.to_owned(),
            client_id: connected.client_id.clone(),
            connection_id: connected.connection_id.clone(),
            contracts: connected.contracts.iter().flat_map(|all| all.iter().cloned()).collect(),
            max_message,
            login: 0,
            refused: None,
        }
    }
}
