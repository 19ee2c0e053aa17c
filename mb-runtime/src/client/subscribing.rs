//! A subscription about to be made: its options, then `.await` for a stream, or `.for_each(..)`
//! for a callback.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
};

use futures_core::future::BoxFuture;
use mb_core::{EventDescriptor, Fault, Reply, Subscribe};

use super::{Client, durable::DurableSubscribing};
use crate::subscription::{Overflow, QUEUE_CAPACITY, Received, Subscription, SubscriptionGuard};

/// A subscription about to be made. Await it for a stream of events.
#[must_use = "a subscription is made when it is awaited"]
#[derive(Debug)]
pub struct Subscribing<E> {
    client: Client,
    events: Vec<&'static EventDescriptor>,
    capacity: usize,
    overflow: Overflow,
    _event: PhantomData<fn() -> E>,
}

impl<E: Subscribe> Subscribing<E> {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            events: E::events().collect(),
            capacity: QUEUE_CAPACITY,
            overflow: Overflow::default(),
            _event: PhantomData,
        }
    }

    /// How many events the queue holds: 256 unless set, at least 1, at most 65,536.
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// What happens when the queue is full: the oldest event is dropped, and counted, unless set.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Reads the events durably, as the reader of this name: also those that were announced while it
    /// was away, and each one until its handler has succeeded. The events are declared
    /// `#[event(durable)]`, and the transport keeps them: NATS does.
    pub fn durable(self, name: impl Into<String>) -> DurableSubscribing<E> {
        DurableSubscribing::new(self.client, name.into(), self.events)
    }

    /// Runs a handler for each event, one after another, in a task of its own, until the guard is
    /// dropped or the connection ends. A handler that fails or panics is in the log, and the next
    /// event is handled all the same.
    ///
    /// # Errors
    /// As awaiting the subscription; `UNAVAILABLE` outside a tokio runtime.
    pub fn for_each<F, Fut>(
        self,
        handler: F,
    ) -> BoxFuture<'static, Result<SubscriptionGuard, Fault>>
    where
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply<()>> + Send + 'static,
    {
        Box::pin(async move { SubscriptionGuard::spawn(self.await?, handler) })
    }
}

// No bounds: what is not an event is refused where it is named, and only there.
impl<E> Subscribing<E> {
    async fn make(self) -> Result<Subscription<E>, Fault> {
        let link = &self.client.0.link;
        // Opened here first: no event falls between the two.
        let hub = &self.client.0.inbound.hub;
        let (reader, registration) =
            hub.open(self.events.iter().copied(), self.capacity, self.overflow);
        let events = self.events.iter().map(|event| event.full_name.to_owned()).collect();
        let subscription = link.subscribe(events).await.map_err(Fault::of_call)?;
        // Holds the link only: a subscription does not keep its client connected.
        let link = std::sync::Arc::downgrade(link);
        let registration = registration.on_drop(move || {
            if let Some(link) = link.upgrade() {
                link.unsubscribe(subscription);
            }
        });
        Ok(Subscription::new(reader, registration))
    }
}

impl<E: 'static> IntoFuture for Subscribing<E> {
    type Output = Result<Subscription<E>, Fault>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
