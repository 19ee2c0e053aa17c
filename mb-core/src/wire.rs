//! The shapes of the JSON wire format that every transport shares: the context and the error of a
//! message. Every field that may be missing is optional; unknown fields are ignored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Auth;

/// The `error` of a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireError {
    /// What programs match on, in SCREAMING_SNAKE_CASE.
    pub code: String,
    /// What a person reads.
    #[serde(default)]
    pub message: String,
    /// The fields of a declared error, or data about a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// The HTTP-like status, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the same request may succeed when sent again, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
}

impl WireError {
    /// The whole error as one JSON object.
    pub(crate) fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The `context` of a message. Deadlines travel as time left, never as a wall-clock instant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireContext {
    /// The message's id, any string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was made, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// Who sent it. A server sets it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who should get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// On whose behalf. A server ignores the actor in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Whatever the two sides agreed on.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// The trace it belongs to, as in W3C Trace Context: 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The span of this message: 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// The span of the message that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The time left, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}
