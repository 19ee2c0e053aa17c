//! An event as its reader gets it.

use std::{fmt, ops::Deref, sync::Arc};

use mb_core::{Context, Message};

/// An event, and what surrounds it. Dereferences to the event, which all its readers share.
pub struct Received<E> {
    event: Arc<E>,
    /// What it came in: all of its readers share that too.
    message: Arc<Message>,
    follows_gap: bool,
    delivery: u64,
}

/// What a subscription has to tell: see [`Subscription::next_notice`](crate::Subscription::next_notice).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Notice<E> {
    /// An event.
    Event(Received<E>),
    /// The connection was lost. It is made again by itself; events of the meantime are missing.
    Gap,
}

impl<E> Received<E> {
    pub(crate) fn new(event: Arc<E>, message: Arc<Message>, follows_gap: bool) -> Self {
        Self { event, message, follows_gap, delivery: 1 }
    }

    /// Notes how often it has been handed out.
    pub(crate) fn delivered(self, delivery: u64) -> Self {
        Self { delivery, ..self }
    }

    /// How often the event has been handed out to readers of this name, this time included: more
    /// than once only where it is read [durably](crate::Subscribing::durable).
    pub fn deliveries(&self) -> u64 {
        self.delivery
    }

    /// Whether the connection was lost since the event before this one, so that some between the
    /// two may be missing.
    pub fn follows_gap(&self) -> bool {
        self.follows_gap
    }

    /// Who published it, as part of which trace.
    pub fn context(&self) -> &Context {
        self.message.context()
    }

    /// The event, still shared.
    pub fn into_shared(self) -> Arc<E> {
        self.event
    }

    /// The event by itself: moved where this is its last reader, cloned otherwise.
    pub fn into_inner(self) -> E
    where
        E: Clone,
    {
        let Self { event, message, .. } = self;
        // It may share the event.
        drop(message);
        Arc::unwrap_or_clone(event)
    }
}

impl<E> Clone for Received<E> {
    fn clone(&self) -> Self {
        let Self { event, message, follows_gap, delivery } = self;
        let (follows_gap, delivery) = (*follows_gap, *delivery);
        Self { event: Arc::clone(event), message: Arc::clone(message), follows_gap, delivery }
    }
}

impl<E> Deref for Received<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E: fmt::Debug> fmt::Debug for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt(f)
    }
}
