//! Events on their way to whoever asked for them: bounded queues, each with a policy for when its
//! reader is too slow, and an end that says why.
//!
//! Both sides use it: a client for what its server announces, a server for what clients emit.

mod handler;
mod hub;
mod overflow;
mod queue;
mod received;
mod ring;
#[cfg(test)]
mod tests;

use std::{
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll, ready},
};

use futures_core::Stream;
use mb_core::{EndReason, Subscribe};

pub(crate) use handler::EventHandler;
pub use handler::SubscriptionGuard;
pub(crate) use hub::{Hub, Registration};
pub use overflow::Overflow;
pub(crate) use queue::{QUEUE_CAPACITY, Reader};
pub use received::{Notice, Received};
use ring::Entry;

/// A subscription: a [`Stream`] of events, in the order they were published.
///
/// Its queue is bounded (256 events unless said otherwise); what happens when it is full is its
/// [`Overflow`] policy. When the stream is over, [`end_reason`](Self::end_reason) says why. Dropping it
/// unsubscribes.
#[must_use = "dropping a subscription unsubscribes"]
pub struct Subscription<E> {
    incoming: Incoming<E>,
    registration: Registration,
}

/// The reading half of a subscription: it does not hold the place in the hub.
pub(crate) struct Incoming<E> {
    reader: Reader,
    undecodable: u64,
    /// Whether a gap was told and no event since.
    in_gap: bool,
    _event: PhantomData<fn() -> E>,
}

impl<E> Subscription<E> {
    pub(crate) fn new(reader: Reader, registration: Registration) -> Self {
        let incoming = Incoming { reader, undecodable: 0, in_gap: false, _event: PhantomData };
        Self { incoming, registration }
    }

    pub(crate) fn split(self) -> (Incoming<E>, Registration) {
        (self.incoming, self.registration)
    }

    /// Takes no more events. Those in the queue can still be read.
    pub fn unsubscribe(&mut self) {
        self.registration.give_up();
    }

    /// Why there will be no more events; `None` while there may be. Events that were queued before
    /// the end are still delivered.
    pub fn end_reason(&self) -> Option<EndReason> {
        self.incoming.reader.queue().end()
    }

    /// How many events this subscription has lost because its queue was full.
    pub fn dropped(&self) -> u64 {
        self.incoming.reader.queue().dropped()
    }

    /// How often the connection was lost, so that events may be missing. It is made again, and
    /// subscribed again, by itself; see [`next_notice`](Self::next_notice) for being told.
    pub fn gaps(&self) -> u64 {
        self.incoming.reader.queue().gaps()
    }

    /// How many events arrived that were not of the declared shape, and were skipped. Each is in
    /// the log.
    pub fn undecodable(&self) -> u64 {
        self.incoming.undecodable
    }
}

impl<E: Subscribe> Subscription<E> {
    /// The next event, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Received<E>> {
        self.incoming.next().await
    }

    /// The next event, or that some may be missing, in the order of happening; `None` at the end.
    /// Cancel safe.
    pub async fn next_notice(&mut self) -> Option<Notice<E>> {
        std::future::poll_fn(|cx| self.incoming.poll_notice(cx)).await
    }
}

impl<E: Subscribe> Stream for Subscription<E> {
    type Item = Received<E>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Received<E>>> {
        self.incoming.poll_next(cx)
    }
}

impl<E: Subscribe> Incoming<E> {
    pub(crate) async fn next(&mut self) -> Option<Received<E>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Received<E>>> {
        loop {
            match ready!(self.poll_notice(cx)) {
                Some(Notice::Event(event)) => return Poll::Ready(Some(event)),
                Some(Notice::Gap) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    fn poll_notice(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Notice<E>>> {
        loop {
            let message = match ready!(self.reader.poll_next(cx)) {
                Some(Entry::Event(message)) => message,
                Some(Entry::Gap) => {
                    self.in_gap = true;
                    return Poll::Ready(Some(Notice::Gap));
                }
                None => return Poll::Ready(None),
            };
            match E::receive(&message) {
                Ok(event) => {
                    let follows_gap = std::mem::take(&mut self.in_gap);
                    let event = Received::new(event, message, follows_gap);
                    return Poll::Ready(Some(Notice::Event(event)));
                }
                Err(error) => {
                    self.undecodable += 1;
                    tracing::warn!(event = %message.name(), %error, "an event is not as declared");
                }
            }
        }
    }
}

impl<E> std::fmt::Debug for Subscription<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("event", &std::any::type_name::<E>())
            .field("dropped", &self.incoming.reader.queue().dropped())
            .field("end", &self.incoming.reader.queue().end())
            .finish_non_exhaustive()
    }
}
