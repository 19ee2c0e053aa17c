//! Who on this side wants which events.

use std::{
    collections::hash_map::Entry,
    slice,
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};

use futures_util::future::join_all;
use mb_core::{EndReason, EventDescriptor, Fault, Message, Name, Published};
use rustc_hash::FxHashMap;

use super::{
    Overflow,
    queue::{Queue, Reader, queue},
};
use crate::middleware::{End, Passing};

/// The queues of every subscription of one side, by event.
#[derive(Default)]
pub(crate) struct Hub {
    readers: RwLock<Readers>,
    ended: OnceLock<EndReason>,
}

#[derive(Default)]
struct Readers {
    /// Its keys are ours, so nobody can flood it.
    by_event: FxHashMap<&'static str, Wanted>,
    all: Vec<Arc<Queue>>,
}

/// Who wants the events of one name.
struct Wanted {
    queues: Queues,
    /// Which event that is; `None` for a bare name that several have.
    event: Option<&'static EventDescriptor>,
}

impl Wanted {
    fn add(&mut self, event: &EventDescriptor, queue: Arc<Queue>) {
        self.event = self.event.filter(|known| known.full_name == event.full_name);
        self.queues.add(queue);
    }
}

/// The queues of one event. Taken out and handed to as a whole: nothing of a user's runs under the lock.
#[derive(Clone)]
enum Queues {
    /// What most clients have, without a list around it.
    One(Arc<Queue>),
    Several(Arc<Vec<Arc<Queue>>>),
}

impl Queues {
    fn add(&mut self, queue: Arc<Queue>) {
        match self {
            Self::One(first) => *self = Self::Several(Arc::new(vec![Arc::clone(first), queue])),
            Self::Several(queues) => Arc::make_mut(queues).push(queue),
        }
    }

    /// Says whether there are any left.
    fn remove(&mut self, queue: &Arc<Queue>) -> bool {
        match self {
            Self::One(only) => !Arc::ptr_eq(only, queue),
            Self::Several(queues) => {
                Arc::make_mut(queues).retain(|other| !Arc::ptr_eq(other, queue));
                !queues.is_empty()
            }
        }
    }

    fn as_slice(&self) -> &[Arc<Queue>] {
        match self {
            Self::One(queue) => slice::from_ref(queue),
            Self::Several(queues) => queues,
        }
    }
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
        readers.all.push(Arc::clone(reader.queue()));
        for event in events {
            // Over a network it comes by its bare name, unless that could mean several.
            for name in [event.full_name, event.name] {
                let queue = Arc::clone(reader.queue());
                match readers.by_event.entry(name) {
                    Entry::Vacant(place) => {
                        place.insert(Wanted { queues: Queues::One(queue), event: Some(event) });
                    }
                    Entry::Occupied(mut wanted) => wanted.get_mut().add(event, queue),
                }
            }
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

    /// Hands an event to every queue that wants it. Refused where one has ended, or the hub has.
    pub(crate) fn publish(&self, event: &Arc<Message>) -> Published {
        if let Some(reason) = self.ended.get() {
            return Published::Refused(Fault::unavailable(reason.to_string()));
        }
        let wanted = self.read();
        let queues = wanted.by_event.get(event.name().as_str()).map(|w| w.queues.clone());
        drop(wanted);
        let (mut accepted, mut waiting, mut refused) = (false, Vec::new(), None);
        for queue in queues.iter().flat_map(Queues::as_slice) {
            match queue.push(event) {
                Published::Accepted => accepted = true,
                Published::Waiting(rest) => waiting.push(rest),
                Published::Refused(fault) => refused = Some(fault),
            }
        }
        match (waiting.is_empty(), refused) {
            (true, None) => Published::Accepted,
            (true, Some(fault)) => Published::Refused(missed(fault, accepted)),
            (false, refused) => Published::Waiting(Box::pin(async move {
                let waited = join_all(waiting).await;
                let accepted = accepted || waited.iter().any(Result::is_ok);
                let failed = refused.or_else(|| waited.into_iter().find_map(Result::err));
                failed.map_or(Ok(()), |fault| Err(missed(fault, accepted)))
            })),
        }
    }

    /// The event of this name, full or bare, that somebody wants. As it came where that could be
    /// several; `None` where nobody wants it.
    pub(crate) fn wanted(&self, name: &Name) -> Option<Name> {
        let readers = self.read();
        let wanted = readers.by_event.get(name.as_str())?;
        Some(wanted.event.map_or_else(|| name.clone(), Name::Event))
    }

    /// Why there will be no more events, once that is so.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        self.ended.get().copied()
    }

    /// Ends every subscription, those to come included.
    pub(crate) fn end(&self, reason: EndReason) {
        let readers = self.write();
        // The first reason counts.
        let _ = self.ended.set(reason);
        let queues = readers.all.clone();
        drop(readers);
        for queue in queues {
            queue.close(reason);
        }
    }

    /// Tells every reader that it may have missed something.
    pub(crate) fn gap(&self) {
        let readers = self.read().all.clone();
        for queue in readers {
            queue.gap();
        }
    }

    fn forget(&self, queue: &Arc<Queue>) {
        let mut readers = self.write();
        readers.all.retain(|other| !Arc::ptr_eq(other, queue));
        readers.by_event.retain(|_, wanted| wanted.queues.remove(queue));
    }

    fn read(&self) -> RwLockReadGuard<'_, Readers> {
        self.readers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Readers> {
        self.readers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said of an event that a reader has not got. Where others have it, sending it again would
/// bring it to them twice.
fn missed(fault: Fault, others_have_it: bool) -> Fault {
    if others_have_it { Fault::interrupted(fault.message().to_owned()) } else { fault }
}

/// Behind a chain: whoever wants the event.
impl End for Arc<Hub> {
    fn pass(&self, event: Message) -> Passing {
        Passing::Event(self.publish(&Arc::new(event)))
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
            hub.forget(&self.queue);
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
