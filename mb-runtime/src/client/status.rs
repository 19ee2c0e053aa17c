//! Whether a client is connected.

use mb_core::EndReason;

/// Whether a client is connected. Watch it with [`Client::watch_status`](crate::Client::watch_status)
/// or as a stream with [`Client::status_changes`](crate::Client::status_changes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientStatus {
    /// Calls reach the server.
    Connected,
    /// Calls answer `UNAVAILABLE`, for this reason.
    Disconnected(EndReason),
}
