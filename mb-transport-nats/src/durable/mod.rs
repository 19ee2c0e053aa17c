//! Durable events: a JetStream stream per contract, consumers by name, and a stream for the dead.

mod consumer;
mod named;
mod pull;
mod streams;

pub(crate) use consumer::{Place, consume};
pub(crate) use streams::{Names, prepare};

/// The event's id in a stream: within the duplicate window, the engine stores one only once.
pub(crate) const MESSAGE_ID: async_nats::HeaderName =
    async_nats::HeaderName::from_static("Nats-Msg-Id");
