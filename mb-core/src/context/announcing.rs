//! What a handler announces: over the server that its message came to, as caused by that message.

use std::{future::ready, sync::Arc};

use futures_core::future::BoxFuture;

use super::Context;
use crate::{Caller, Fault, Host, Message, Publish};

impl Context {
    /// Announces an event to every client of the server that is handling this message, as caused
    /// by it.
    ///
    /// # Errors
    /// `UNAVAILABLE` where this context belongs to no server's handler, or to one that stopped;
    /// `VALIDATION_FAILED` where the event breaks a rule of its contract.
    pub fn broadcast(&self, event: impl Publish) -> BoxFuture<'static, Result<(), Fault>> {
        match self.outgoing_event(event) {
            Ok((host, event)) => host.broadcast(event),
            Err(fault) => Box::pin(ready(Err(fault))),
        }
    }

    /// Sends an event to every connection of one client of the server that is handling this
    /// message, as caused by it.
    ///
    /// # Errors
    /// `UNAVAILABLE` where that client is not connected, or this context belongs to no server;
    /// `VALIDATION_FAILED` where the event breaks a rule of its contract.
    pub fn send_to(
        &self,
        client_id: &str,
        event: impl Publish,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        match self.outgoing_event(event) {
            Ok((host, event)) => host.send_to(client_id.to_owned(), event),
            Err(fault) => Box::pin(ready(Err(fault))),
        }
    }

    /// An event that keeps its rules, and the server that may announce it.
    fn outgoing_event(&self, event: impl Publish) -> Result<(Arc<dyn Host>, Message), Fault> {
        let event = event.into_checked_message()?;
        Ok((self.host()?, event.with_context(self.child_event())))
    }

    fn host(&self) -> Result<Arc<dyn Host>, Fault> {
        self.caller().and_then(Caller::host).ok_or_else(|| {
            let reason =
                "this context belongs to no running server: use the one that a handler is given";
            Fault::unavailable(reason).with_retryable(false)
        })
    }
}
