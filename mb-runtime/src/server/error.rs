//! Why a server does not start, or did not stop cleanly.

use mb_core::{BindError, EndpointError, Fault};

/// A server cannot start. Whatever it had opened is closed again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A connection string does not parse.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No transport answers to the scheme of a connection string.
    #[error("{0}")]
    NoTransport(String),
    /// Two contracts have one name, so that their requests could not be told apart.
    #[error("two contracts are called `{name}`: give one another `name` in `#[contract(..)]`")]
    DuplicateContract {
        /// What both are called.
        name: &'static str,
    },
    /// A transport cannot listen.
    #[error("cannot serve: {0}")]
    Bind(#[from] BindError),
    /// Event handlers have no tokio runtime to run in.
    #[error("cannot serve: {}", .0.message())]
    Handler(Fault),
}

/// A server did not stop cleanly. It has stopped all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// The drain time was over before everything was done.
    #[error(
        "{calls} calls and {handlers} event handlers were still running when the drain time was \
         over, and were cut off: `ServerBuilder::drain` gives them longer"
    )]
    CutOff {
        /// How many calls.
        calls: usize,
        /// How many event handlers, each with what was left in its queue.
        handlers: usize,
    },
}
