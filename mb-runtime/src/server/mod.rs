//! The serving side: contracts behind endpoints, the clients that are connected, and the way to
//! stop without losing a call.

mod builder;
mod core;
mod error;
mod logins;
mod peer;
mod requests;
mod stop;
mod throttle;

use std::{fmt, future::ready, sync::Arc};

use futures_core::future::BoxFuture;
use mb_core::{Body, ClientInfo, Context, Endpoint, Fault, Host, Publish};
use serde_json::Value;

pub use builder::ServerBuilder;
pub(crate) use builder::in_process;
pub use error::{StartError, StopError};

use self::{core::Core, stop::Running};
use crate::wire::system;

/// A running server. Clones are handles on the same one.
///
/// [`stop`](Self::stop) drains it. Dropping the last handle stops it at once: calls in flight are
/// cut off.
#[derive(Clone)]
#[must_use = "dropping the last handle stops the server"]
pub struct Server(Arc<Running>);

impl Server {
    /// A server about to be started.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The id it was given, or one it made.
    pub fn id(&self) -> &str {
        self.0.core().id()
    }

    /// Where it listens, in the order of `bind`, with real ports where port 0 was asked for.
    pub fn endpoints(&self) -> &[Endpoint] {
        self.0.endpoints()
    }

    /// The clients that are connected now.
    pub fn clients(&self) -> Vec<ClientInfo> {
        self.0.core().clients().iter().map(|caller| caller.info().clone()).collect()
    }

    /// The server as its transports see it: for mounting it in a web framework that listens itself.
    pub fn host(&self) -> Arc<dyn Host> {
        Arc::clone(self.0.core()) as _
    }

    /// Announces an event to every client that wants it. The payload is shared, never copied.
    ///
    /// Done when every reader has it in its queue; only readers with
    /// [`Overflow::Wait`](crate::Overflow::Wait) make that take time.
    ///
    /// # Errors
    /// `UNAVAILABLE` once the server has stopped; `VALIDATION_FAILED` where the event breaks a rule of
    /// its contract.
    pub fn broadcast(&self, event: impl Publish) -> BoxFuture<'static, Result<(), Fault>> {
        match event.into_checked_message() {
            Ok(event) => {
                Arc::clone(self.0.core()).broadcast(event.with_context(Context::for_event()))
            }
            Err(fault) => Box::pin(ready(Err(fault))),
        }
    }

    /// Says something to every client, outside of any contract: `going down at noon`. Clients get it
    /// by [`Client::announcements`](crate::Client::announcements).
    ///
    /// # Errors
    /// `UNAVAILABLE` once the server has stopped.
    pub fn announce(
        &self,
        message: impl Into<String>,
        data: Option<Value>,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        let (message, timestamp) = (message.into(), system::timestamp());
        let said = system::Broadcast { message, data, timestamp };
        let event = core::system_event(system::BROADCAST, Body::shared(Arc::new(said)));
        Arc::clone(self.0.core()).broadcast(event)
    }

    /// Sends an event to every connection of one client.
    ///
    /// # Errors
    /// `UNAVAILABLE` where no client of this id is connected; `VALIDATION_FAILED` where the event
    /// breaks a rule of its contract.
    pub fn send_to(
        &self,
        client_id: &str,
        event: impl Publish,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        match event.into_checked_message() {
            Ok(event) => {
                let event = event.with_context(Context::for_event());
                Arc::clone(self.0.core()).send_to(client_id.to_owned(), event)
            }
            Err(fault) => Box::pin(ready(Err(fault))),
        }
    }

    /// Stops without losing a call: takes no new ones, ends streams with a reason, waits for calls
    /// and emitted events in flight (30 s unless the builder said otherwise), then ends
    /// subscriptions and connections with a reason.
    ///
    /// Every handle may call it, any number of times: all wait for the same end. Once called it
    /// runs to its end, also when this future is dropped.
    ///
    /// # Errors
    /// [`StopError::CutOff`] where calls or event handlers were still running when the time was over.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.0.stop().await
    }

    /// Waits until the server has stopped, whoever stops it.
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub async fn stopped(&self) -> Result<(), StopError> {
        self.0.stopped().await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("id", &self.id())
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
