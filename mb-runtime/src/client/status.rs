//! Whether a client is connected.

use mb_core::{EndReason, FaultKind};

/// Whether a client is connected. Watch it with [`Client::watch_status`](crate::Client::watch_status)
/// or as a stream with [`Client::status_changes`](crate::Client::status_changes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientStatus {
    /// The first connection is being made.
    Connecting,
    /// Calls reach the server.
    Connected,
    /// The connection was lost, for this reason, and another is being made. Idempotent requests
    /// wait for it, others answer `UNAVAILABLE` at once.
    Reconnecting(EndReason),
    /// Calls answer `UNAVAILABLE`, for this reason, and nothing is being done about it.
    Disconnected(EndReason),
    /// The server refuses this client, in a way that trying again does not help: its contract is
    /// not served any more, its login not accepted. Calls answer with a fault of this kind.
    Refused(FaultKind),
}

impl ClientStatus {
    /// Whether there will be no other.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Disconnected(_) | Self::Refused(_))
    }
}
