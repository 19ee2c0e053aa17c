//! The names that tracing systems know: OpenTelemetry's conventions for RPC and for messaging, and
//! the fields that `tracing-opentelemetry` reads.

use super::Kind;

/// What the conventions call a system of remote calls or messages.
pub(super) const SYSTEM: &str = "magicbutton";

// What `tracing-opentelemetry` takes for the span itself.
pub(super) const OTEL_NAME: &str = "otel.name";
pub(super) const OTEL_KIND: &str = "otel.kind";
pub(super) const OTEL_STATUS_CODE: &str = "otel.status_code";

// Of requests.
pub(super) const RPC_SYSTEM_NAME: &str = "rpc.system.name";
pub(super) const RPC_METHOD: &str = "rpc.method";
pub(super) const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";

// Of events.
pub(super) const MESSAGING_SYSTEM: &str = "messaging.system";
pub(super) const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
pub(super) const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
pub(super) const MESSAGING_DESTINATION_NAME: &str = "messaging.destination.name";
pub(super) const MESSAGING_MESSAGE_ID: &str = "messaging.message.id";

// Of what has failed. The id is our own: the one under which the log has the rest.
pub(super) const ERROR_TYPE: &str = "error.type";
pub(super) const ERROR_ID: &str = "error.id";

// Where there is no OpenTelemetry to know them.
pub(super) const TRACE_ID: &str = "trace_id";
pub(super) const SPAN_ID: &str = "span_id";
pub(super) const PARENT_SPAN_ID: &str = "parent_span_id";

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
