//! The callback form: a task that reads a subscription and runs a handler for each event, one
//! after another, in order.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Failure, Fault, Reply, Subscribe};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Incoming, Received, Registration, Subscription};
use crate::{dispatch::report, panics::panic_text};

/// What runs for each event.
pub(crate) trait EventHandler<E>: Send + Sync + 'static {
    fn handle(&self, event: Received<E>) -> BoxFuture<'static, Reply<()>>;
}

impl<E, F, Fut> EventHandler<E> for F
where
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Reply<()>> + Send + 'static,
{
    fn handle(&self, event: Received<E>) -> BoxFuture<'static, Reply<()>> {
        Box::pin(self(event))
    }
}

/// Runs `handler` for each event until the subscription ends. An event whose handler fails or
/// panics is in the log; the next one is handled all the same.
async fn work<E: Subscribe>(mut events: Incoming<E>, handler: impl EventHandler<E>) {
    while let Some(event) = events.next().await {
        let context = event.context().clone();
        let handling = AssertUnwindSafe(async { handler.handle(event).await });
        match context.scope(handling.catch_unwind()).await {
            Ok(Ok(())) => {}
            Ok(Err(Failure::Declared(never))) => match never {},
            Ok(Err(Failure::Fault(fault))) => failed::<E>(&fault),
            Err(panic) => failed::<E>(&Fault::internal(panic_text(&*panic))),
        }
    }
}

fn failed<E>(fault: &Fault) {
    let name = std::any::type_name::<E>();
    report(name, "-", fault.message(), std::error::Error::source(fault));
}

/// A handler at work on a subscription. Dropping it unsubscribes; events that are in the queue
/// then are handled all the same.
#[must_use = "dropping the guard unsubscribes"]
pub struct SubscriptionGuard {
    registration: Registration,
    worker: JoinHandle<()>,
}

impl SubscriptionGuard {
    /// Puts a handler to work on a subscription.
    ///
    /// # Errors
    /// `UNAVAILABLE` outside a tokio runtime: there is no task for the handler to run in.
    pub(crate) fn spawn<E: Subscribe>(
        events: Subscription<E>,
        handler: impl EventHandler<E>,
    ) -> Result<Self, Fault> {
        let runtime = Handle::try_current().map_err(|_| Fault::no_runtime("an event handler"))?;
        let (events, registration) = events.split();
        Ok(Self { registration, worker: runtime.spawn(work(events, handler)) })
    }

    /// Takes no more events, and waits until those in the queue have been handled. They are also
    /// handled when this future is dropped. In the handler itself it does not wait.
    pub async fn unsubscribe(mut self) {
        self.registration.give_up();
        self.ended().await;
    }

    /// Gives up what is left of the queue, and the event that is being handled. Says whether
    /// there may have been any.
    pub(crate) fn abort(&self) -> bool {
        let working = !self.worker.is_finished();
        self.worker.abort();
        working
    }

    /// Waits until the subscription has ended, and its last event has been handled. Cancel safe.
    /// The handler itself, which cannot wait for its own end, does not wait.
    pub async fn ended(&mut self) {
        let itself = tokio::task::try_id() == Some(self.worker.id());
        if !itself && !self.worker.is_finished() {
            // A worker that was shut down with its runtime has ended too.
            let _ = (&mut self.worker).await;
        }
    }
}

impl std::fmt::Debug for SubscriptionGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubscriptionGuard").finish_non_exhaustive()
    }
}
