//! Events that outlive their readers: what a durable subscription asks for, and what it is handed.

use std::{fmt, sync::Arc, time::Duration};

use futures_core::future::BoxFuture;

use crate::{EventDescriptor, Fault, Message};

/// A durable subscription about to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Durable {
    /// Whose it is: all readers of one name share its events, and go on where the last one stopped.
    pub name: String,
    /// The events, all of one contract and all declared `#[event(durable)]`.
    pub events: Vec<&'static EventDescriptor>,
    /// How often an event is handed out before it is put aside as dead: 5 times.
    pub tries: u64,
    /// How long until an event is handed out again whose handler failed: 100 ms, twice as long each
    /// time, 30 s at most.
    pub pause: Duration,
    /// How long until an event is handed out again whose reader has vanished: 30 s.
    pub ack_wait: Duration,
}

impl Durable {
    /// With the defaults.
    pub fn new(name: impl Into<String>, events: Vec<&'static EventDescriptor>) -> Self {
        let (pause, ack_wait) = (Duration::from_millis(100), Duration::from_secs(30));
        Self { name: name.into(), events, tries: 5, pause, ack_wait }
    }
}

/// One event, handed out.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The event, under its full name.
    pub message: Message,
    /// How often it has been handed out, this time included.
    pub count: u64,
}

impl Delivery {
    /// An event handed out for the `count`th time.
    pub fn new(message: Message, count: u64) -> Self {
        Self { message, count }
    }
}

type Handle = dyn Fn(Delivery) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync;

/// What handles the events: the success of its future is what acknowledges one.
#[derive(Clone)]
pub struct Handling(Arc<Handle>);

impl Handling {
    /// A handler. It must not panic.
    pub fn new(
        handle: impl Fn(Delivery) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(handle))
    }

    /// Handles one event.
    pub fn handle(&self, delivery: Delivery) -> BoxFuture<'static, Result<(), Fault>> {
        (self.0)(delivery)
    }
}

impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handling").finish_non_exhaustive()
    }
}

/// A durable subscription at work: done when its connection is over. Dropping it stops it; what was
/// being handled then is handed out again.
pub type Consuming = BoxFuture<'static, ()>;
