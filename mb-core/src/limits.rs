//! The bounds of a connection. Every one is enforced, and reported by a typed fault or a reason.

use std::time::Duration;

/// What one connection may cost. The same bounds hold on a server, for each of its connections,
/// and on a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest frame taken from the other side, in bytes: 1 MiB. A larger one ends the
    /// connection with [`EndReason::TooLarge`](crate::EndReason::TooLarge); magicbutton's own peers
    /// know the limit and answer `PAYLOAD_TOO_LARGE` before they send one.
    pub max_message: usize,
    /// Requests under way in one direction: 1024. One more from the other side is answered
    /// `RATE_LIMIT_EXCEEDED`; one more of our own waits.
    pub in_flight: usize,
    /// Subscriptions of the other side: 1024. One more is answered `RATE_LIMIT_EXCEEDED`.
    pub subscriptions: usize,
    /// Frames that wait to be sent: 16,384. An event that does not fit ends the connection with
    /// [`EndReason::Overflowed`](crate::EndReason::Overflowed).
    pub queued_frames: usize,
    /// Bytes that wait to be sent: 16 MiB. As for `queued_frames`.
    pub queued_bytes: usize,
    /// Frames between two heartbeats of which nothing can be made: 64. One more ends the connection
    /// with [`EndReason::BadFrames`](crate::EndReason::BadFrames).
    pub bad_frames: usize,
    /// How long a side says nothing before it gives a sign of life: 30 s.
    pub heartbeat: Duration,
    /// How long the other side may say nothing, or take nothing that it is sent, before it counts
    /// as lost: 90 s.
    pub silence: Duration,
    /// How long connecting may take, and then again the registration: 10 s each.
    pub handshake: Duration,
    /// How long a client may be connected without having logged in, where its server has an
    /// authenticator: 10 s. Then it is dismissed with
    /// [`EndReason::NotAuthenticated`](crate::EndReason::NotAuthenticated).
    pub login: Duration,
    /// Logins of one connection that may fail one after another, before it has to wait: 10, and at
    /// least 1. After that, one more each `login_pause`; those before are answered `RATE_LIMIT_EXCEEDED`, with how
    /// long to wait.
    pub failed_logins: u32,
    /// The same for the passwords of one user name, over all connections: 100. Tokens of that user are
    /// not counted, and not held up.
    pub failed_passwords: u32,
    /// How long it takes until one more login may fail: 5 s.
    pub login_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 1024 * 1024,
            in_flight: 1024,
            subscriptions: 1024,
            queued_frames: 16 * 1024,
            queued_bytes: 16 * 1024 * 1024,
            bad_frames: 64,
            heartbeat: Duration::from_secs(30),
            silence: Duration::from_secs(90),
            handshake: Duration::from_secs(10),
            login: Duration::from_secs(10),
            failed_logins: 10,
            failed_passwords: 100,
            login_pause: Duration::from_secs(5),
        }
    }
}
