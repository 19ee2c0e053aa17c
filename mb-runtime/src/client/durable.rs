//! Durable subscriptions: a handler whose success acknowledges each event, put to work again on
//! every connection after the first.

use std::{
    error::Error, fmt, future::Future, marker::PhantomData, panic::AssertUnwindSafe, pin::pin,
    sync::Arc, time::Duration,
};

use futures_util::FutureExt;
use mb_core::{
    Consuming, Delivery, Durable, EventDescriptor, Failure, Fault, FaultKind, Handling, Message,
    Name, Published, Reply, Subscribe,
};
use tokio::{task::JoinHandle, time::sleep};

use super::{Client, ClientStatus};
use crate::{
    dispatch::{Net, panicked, report},
    middleware::{End, Kind, Layers, Passing, Way},
    panics::panic_text,
    subscription::Received,
};

/// How long until a durable subscription is made again that could not be.
const AGAIN: Duration = Duration::from_millis(100);

/// A durable subscription about to be made: put a handler to work on it with
/// [`for_each`](Self::for_each).
#[must_use = "a durable subscription is made by `for_each`"]
#[derive(Debug)]
pub struct DurableSubscribing<E> {
    client: Client,
    durable: Durable,
    _event: PhantomData<fn() -> E>,
}

impl<E: Subscribe> DurableSubscribing<E> {
    pub(super) fn new(client: Client, name: String, events: Vec<&'static EventDescriptor>) -> Self {
        Self { client, durable: Durable::new(name, events), _event: PhantomData }
    }

    /// How often an event is handed out before it is put aside as dead: 5 times unless set, at least
    /// once.
    pub fn tries(mut self, tries: u64) -> Self {
        self.durable.tries = tries.max(1);
        self
    }

    /// How long until an event is handed out again whose handler failed: 100 ms unless set, twice as
    /// long each time, 30 s at most.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.durable.pause = pause;
        self
    }

    /// How long until an event is handed out again whose reader has vanished with it: 30 s unless
    /// set. A handler may take longer.
    pub fn ack_wait(mut self, limit: Duration) -> Self {
        self.durable.ack_wait = limit;
        self
    }

    /// Runs a handler for each event, one after another, until the guard is dropped or the client
    /// has left. An event is acknowledged when its handler has succeeded; one that failed, or
    /// panicked, is handed out again, so that a handler may see an event more than once: its
    /// [`id`](mb_core::Context::id) stays the same.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where the transport keeps no events, or an event is not declared
    /// `#[event(durable)]`; `UNAVAILABLE` where the client is not connected.
    pub async fn for_each<F, Fut>(self, handler: F) -> Result<DurableGuard, Fault>
    where
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply<()>> + Send + 'static,
    {
        let layers = self.client.0.inbound.layers().clone();
        let events = self.durable.events.clone();
        let worker = Arc::new(Worker { layers, events, handler, _event: PhantomData });
        let handling =
            Handling::new(move |delivery| Box::pin(Arc::clone(&worker).handle(delivery)));
        let link = Arc::clone(&self.client.0.link);
        let mut status = self.client.watch_status();
        let durable = self.durable;
        let first =
            link.consume(durable.clone(), handling.clone()).await.map_err(Fault::of_call)?;
        let worker = tokio::spawn(async move {
            let mut consuming: Consuming = first;
            loop {
                consuming.await;
                // A pause, so that what fails at once is not tried as fast as it fails.
                sleep(AGAIN).await;
                consuming = loop {
                    let there = status
                        .wait_for(|status| status.is_final() || *status == ClientStatus::Connected);
                    if !there.await.is_ok_and(|status| !status.is_final()) {
                        return;
                    }
                    match link.consume(durable.clone(), handling.clone()).await {
                        Ok(consuming) => break consuming,
                        Err(fault) => {
                            tracing::warn!(name = durable.name, %fault, "events are not read");
                            sleep(AGAIN).await;
                        }
                    }
                };
            }
        });
        Ok(DurableGuard { worker })
    }
}

/// What handles the events of a subscription, behind the client's chain.
struct Worker<E, F> {
    layers: Layers,
    events: Vec<&'static EventDescriptor>,
    handler: F,
    _event: PhantomData<fn() -> E>,
}

impl<E, F, Fut> Worker<E, F>
where
    E: Subscribe,
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Reply<()>> + Send + 'static,
{
    /// Handles one event: it has failed where anything of the chain has.
    async fn handle(self: Arc<Self>, delivery: Delivery) -> Result<(), Fault> {
        let Delivery { mut message, count, .. } = delivery;
        let name = message.name().as_str();
        let Some(declared) = self.events.iter().find(|event| event.full_name == name) else {
            // Never taken for another that looks like it.
            let reason = format!("{name} is not what is read here");
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        };
        message.set_name(Name::Event(declared));
        if self.layers.is_empty() {
            return self.at_last(message, count).await;
        }
        let name = message.name().clone();
        let chain = self.layers.chain(name.as_str());
        let way = Way::new(Kind::Consumer, chain, Last { worker: self, count });
        let mut passing = pin!(Net::around(way.run(message)));
        match passing.as_mut().await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(Failure::Fault(fault))) => Err(fault),
            Ok(Err(Failure::Declared(error))) => Err(Fault::from_wire(error.to_wire())),
            Err(panic) => Err(panicked(name.as_str(), panic)),
        }
    }

    /// Behind the chain. An event that cannot be read has failed, like one whose handler panics.
    async fn at_last(&self, message: Message, count: u64) -> Result<(), Fault> {
        let event = E::receive(&message)
            .map_err(|error| Fault::new(FaultKind::ValidationFailed, error.to_string()))?;
        let context = message.context().clone();
        let message = Arc::new(message);
        let received = Received::new(event, Arc::clone(&message), false).delivered(count);
        let handling = AssertUnwindSafe(async { (self.handler)(received).await });
        let failed = match context.scope(handling.catch_unwind()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Failure::Declared(never))) => match never {},
            Ok(Err(Failure::Fault(fault))) => fault,
            Err(panic) => Fault::internal(panic_text(&*panic)),
        };
        report(message.name().as_str(), context.id(), failed.message(), Error::source(&failed));
        Err(failed)
    }
}

/// One delivery behind the chain, which may pass it on more than once.
struct Last<E, F> {
    worker: Arc<Worker<E, F>>,
    count: u64,
}

impl<E, F, Fut> End for Last<E, F>
where
    E: Subscribe,
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Reply<()>> + Send + 'static,
{
    fn pass(&self, message: Message) -> Passing {
        let (worker, count) = (Arc::clone(&self.worker), self.count);
        let handling = async move { worker.at_last(message, count).await };
        Passing::Event(Published::Waiting(Box::pin(handling)))
    }
}

/// A handler at work on a durable subscription. Dropping it stops the handler where it is; what was
/// being handled is handed out again, to the next reader of the name.
#[must_use = "dropping the guard stops the handler"]
pub struct DurableGuard {
    worker: JoinHandle<()>,
}

impl Drop for DurableGuard {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl fmt::Debug for DurableGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableGuard").finish_non_exhaustive()
    }
}
