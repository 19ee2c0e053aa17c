//! What is done around every message: one chain, for requests and events, on either side.
//!
//! [`Middleware`] is one step of it, [`Next`] the rest of the way. [`from_fn`] makes one of a
//! closure; [`Trace`], [`Log`], [`Deadline`] and, with the feature `metrics`, `Metrics` are there.

#[cfg(feature = "resilience")]
mod breaker;
mod conventions;
mod deadline;
mod from_fn;
mod layers;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod next;
#[cfg(feature = "resilience")]
mod rate_limit;
#[cfg(feature = "resilience")]
mod retry;
mod trace;
mod watched;

use std::sync::Arc;

use async_trait::async_trait;
use mb_core::{AnyError, Body, Failure, Fault, FaultKind, Message, Streaming};

#[cfg(feature = "resilience")]
pub use breaker::{BreakerState, CircuitBreaker};
pub use deadline::Deadline;
pub use from_fn::{FromFn, from_fn};
pub(crate) use layers::{Chain, Layers};
pub use log::Log;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub use next::Next;
pub(crate) use next::{End, Passing, Way};
#[cfg(feature = "resilience")]
pub use rate_limit::RateLimit;
#[cfg(feature = "resilience")]
pub use retry::Retry;
pub use trace::Trace;

/// Something done around messages: a log line, a limit, a second try.
///
/// It is given each message on its way, and the rest of that way. What it does before
/// [`next.run(message)`](Next::run) is done before the message goes on, what it does after it is
/// done with what became of it. It may change the message, answer without passing it on, or pass it
/// on again.
///
/// A chain reads from top to bottom: what was added first is outermost.
///
/// ```text
///   Server::builder()                    request        answer
///     .middleware(Trace::new())             |              ^
///     .middleware(Log::new())            Trace ----------- |
///     .serve(                               Log ---------- |
///       users::serve(Users)                   audit ------ |
///         .middleware(audit))                   handler ---+
/// ```
///
/// It runs in the task of whoever waits for the message: its future is dropped where a call is given
/// up. A panic in it becomes an internal fault of that one message.
#[async_trait]
pub trait Middleware: Send + Sync + 'static {
    /// Handles one message.
    ///
    /// # Errors
    /// Whatever the message is to fail with: a declared error in its wire form, or a fault. On a
    /// server the text of an internal fault stays in its log.
    async fn handle(&self, message: Message, next: Next) -> Handled;
}

/// What became of a message, or why it has failed.
pub type Handled = Result<Outcome, Failure<AnyError>>;

/// Where a message is on its way, as tracing systems name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A request that is being sent.
    Client,
    /// A request that is being served.
    Server,
    /// An event that is being sent.
    Producer,
    /// An event that has arrived.
    Consumer,
}

/// What became of a message.
#[non_exhaustive]
pub enum Outcome {
    /// The reply to a request that is answered once.
    Reply(Body),
    /// The items of a request that is answered by a stream. A failure is the last of them.
    Stream(Streaming),
    /// An event was passed on.
    Accepted,
}

impl Outcome {
    /// The reply.
    pub(crate) fn into_reply(self, name: &str) -> Result<Body, Fault> {
        match self {
            Self::Reply(body) => Ok(body),
            Self::Stream(_) | Self::Accepted => Err(amiss(name, "by one reply")),
        }
    }

    /// The items.
    pub(crate) fn into_stream(self, name: &str) -> Result<Streaming, Fault> {
        match self {
            Self::Stream(items) => Ok(items),
            Self::Reply(_) | Self::Accepted => Err(amiss(name, "by a stream")),
        }
    }
}

/// A middleware's own mistake: nothing for a caller to know more of.
fn amiss(name: &str, how: &str) -> Fault {
    Fault::new(FaultKind::Internal, format!("a middleware must answer {name} {how}"))
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reply(body) => f.debug_tuple("Reply").field(body).finish(),
            Self::Stream(_) => f.write_str("Stream"),
            Self::Accepted => f.write_str("Accepted"),
        }
    }
}

/// Shared, so that whoever added it can still look at it.
#[async_trait]
impl<M: Middleware + ?Sized> Middleware for Arc<M> {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        (**self).handle(message, next).await
    }
}
