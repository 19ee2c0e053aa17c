//! The names that tracing systems know: OpenTelemetry's conventions for RPC and for messaging, and
//! the fields that `tracing-opentelemetry` reads.

use super::Kind;

/// What the conventions call a system of remote calls or messages.
pub(super) const SYSTEM: &str = "magicbutton";

impl Kind {
    /// The kind of a span.
    pub(super) fn span_kind(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    /// What is done with an event, as `messaging.operation.type` and in the name of its span.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Producer => "send",
            Self::Consumer => "receive",
            Self::Client | Self::Server => "",
        }
    }

    /// The histogram of how long it takes, in seconds.
    #[cfg(feature = "metrics")]
    pub(super) fn duration(self) -> &'static str {
        match self {
            Self::Client => "rpc.client.call.duration",
            Self::Server => "rpc.server.call.duration",
            Self::Producer => "messaging.client.operation.duration",
            Self::Consumer => "messaging.process.duration",
        }
    }
}
