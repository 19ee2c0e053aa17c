//! Who on this side wants which events.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};

use futures_util::future::join_all;
use mb_core::{EndReason, EventDescriptor, Message, Published};

use super::{
    Overflow,
    queue::{Queue, Reader, queue},
};

/// The queues of every subscription of one side, by event.
#[derive(Default)]
pub(crate) struct Hub {
    readers: RwLock<HashMap<&'static str, Vec<Arc<Queue>>>>,
    ended: OnceLock<EndReason>,
}

/// A subscription's place in its hub. Dropping it gives the place up.
pub(crate) struct Registration {
    hub: Weak<Hub>,
    queue: Arc<Queue>,
    on_drop: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Hub {
    /// Opens a queue for these events. On a hub that has ended, it is at its end at once.
    pub(crate) fn open(
        self: &Arc<Self>,
        events: impl Iterator<Item = &'static EventDescriptor>,
        capacity: usize,
        overflow: Overflow,
    ) -> (Reader, Registration) {
        let reader = queue(capacity, overflow);
        let mut readers = self.write();
        for event in events {
            readers.entry(event.full_name).or_default().push(Arc::clone(reader.queue()));
        }
        // Asked under the lock that `end` takes: a queue is closed by `end`, or here.
        if let Some(reason) = self.ended.get() {
            reader.queue().close(*reason);
        }
        drop(readers);
        let registration = Registration {
            hub: Arc::downgrade(self),
            queue: Arc::clone(reader.queue()),
            on_drop: None,
        };
        (reader, registration)
    }

    /// Hands an event to every queue that wants it.
    pub(crate) fn publish(&self, event: &Arc<Message>) -> Published {
        let mut waiting = Vec::new();
        for queue in self.read().get(event.name().as_str()).into_iter().flatten() {
            if let Published::Waiting(rest) = queue.push(event) {
                waiting.push(rest);
            }
        }
        if waiting.is_empty() {
            return Published::Accepted;
        }
        Published::Waiting(Box::pin(async move {
            join_all(waiting).await;
        }))
    }

    /// Why there will be no more events, once that is so.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        self.ended.get().copied()
    }

    /// Ends every subscription, those to come included.
    pub(crate) fn end(&self, reason: EndReason) {
        let readers = self.write();
        let _ = self.ended.set(reason);
        for queue in readers.values().flatten() {
            queue.close(reason);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<&'static str, Vec<Arc<Queue>>>> {
        self.readers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<&'static str, Vec<Arc<Queue>>>> {
        self.readers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    /// Does something more when the place is given up.
    pub(crate) fn on_drop(mut self, work: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(work));
        self
    }

    /// Gives the place up. The queue ends; what is in it can still be read. Idempotent.
    pub(crate) fn give_up(&mut self) {
        self.queue.close(EndReason::Unsubscribed);
        if let Some(hub) = std::mem::take(&mut self.hub).upgrade() {
            hub.write().retain(|_, queues| {
                queues.retain(|queue| !Arc::ptr_eq(queue, &self.queue));
                !queues.is_empty()
            });
        }
        if let Some(work) = self.on_drop.take() {
            work();
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.give_up();
    }
}
