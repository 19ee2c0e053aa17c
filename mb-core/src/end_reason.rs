//! Why something has ended: one list for connections, streams and subscriptions, over every transport.

use std::fmt;

/// Why a connection, a stream of events or a subscription has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The server stopped.
    ServerStopped,
    /// This client disconnected, or was dropped.
    ClientDisconnected,
    /// The reader unsubscribed.
    Unsubscribed,
    /// The reader was too slow, and its overflow policy says to end it; or the other side of a
    /// connection did not take what it was sent.
    Overflowed,
    /// The connection was cut.
    ConnectionLost,
    /// The other side said nothing for too long.
    Silent,
    /// The other side sent too much of which nothing can be made.
    BadFrames,
    /// A frame was larger than the other side takes.
    TooLarge,
    /// The server has as many clients as it takes.
    ServerFull,
    /// The client did not say in time who it is.
    NotAuthenticated,
}

impl EndReason {
    /// Every reason there is.
    pub const ALL: &'static [Self] = &[
        Self::ServerStopped,
        Self::ClientDisconnected,
        Self::Unsubscribed,
        Self::Overflowed,
        Self::ConnectionLost,
        Self::Silent,
        Self::BadFrames,
        Self::TooLarge,
        Self::ServerFull,
        Self::NotAuthenticated,
    ];

    /// A word for it, for transports that have no goodbye of their own: `serverStopped`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerStopped => "serverStopped",
            Self::ClientDisconnected => "clientDisconnected",
            Self::Unsubscribed => "unsubscribed",
            Self::Overflowed => "overflowed",
            Self::ConnectionLost => "connectionLost",
            Self::Silent => "silent",
            Self::BadFrames => "badFrames",
            Self::TooLarge => "tooLarge",
            Self::ServerFull => "serverFull",
            Self::NotAuthenticated => "notAuthenticated",
        }
    }

    /// The reason of this name. One that only a newer side knows is a lost connection.
    pub fn from_name(name: &str) -> Self {
        let named = Self::ALL.iter().copied().find(|reason| reason.name() == name);
        named.unwrap_or(Self::ConnectionLost)
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerStopped => "the server stopped",
            Self::ClientDisconnected => "the client disconnected",
            Self::Unsubscribed => "the reader unsubscribed",
            Self::Overflowed => "the reader was too slow",
            Self::ConnectionLost => "the connection was lost",
            Self::Silent => "the other side said nothing for too long",
            Self::BadFrames => "too many bad frames",
            Self::TooLarge => "a frame was too large",
            Self::ServerFull => "the server has as many clients as it takes",
            Self::NotAuthenticated => "the client did not log in in time",
        })
    }
}
