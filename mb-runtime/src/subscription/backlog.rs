//! Events whose publishers wait for room in a queue, in the order they came. Nothing overtakes them,
//! and the reader lets them in as it makes room: a publisher that does not look holds up nobody.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_channel::{Sender, TrySendError};
use mb_core::Message;
use tokio::sync::oneshot;

use super::entry::Entry;

#[derive(Default)]
pub(super) struct Backlog(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    events: VecDeque<Waiter>,
    next: u64,
}

struct Waiter {
    number: u64,
    event: Arc<Message>,
    let_in: oneshot::Sender<()>,
}

/// A place in the backlog. Whoever gives it up takes its event out.
pub(super) struct Place {
    backlog: Arc<Backlog>,
    number: u64,
    /// Done when the event is in the queue; an error when it never will be.
    pub(super) let_in: oneshot::Receiver<()>,
}

/// The queue has ended.
pub(super) struct Ended;

impl Backlog {
    /// Puts an event into the queue, or, where there is no room or others wait, behind them.
    pub(super) fn push(
        self: &Arc<Self>,
        queue: &Sender<Entry>,
        event: &Arc<Message>,
    ) -> Result<Option<Place>, Ended> {
        let mut waiting = self.lock();
        if waiting.events.is_empty() {
            match queue.try_send(Entry::Event(Arc::clone(event))) {
                Ok(()) => return Ok(None),
                Err(TrySendError::Closed(_)) => return Err(Ended),
                Err(TrySendError::Full(_)) => {}
            }
        }
        let (let_in, told) = oneshot::channel();
        let number = waiting.next;
        waiting.next += 1;
        waiting.events.push_back(Waiter { number, event: Arc::clone(event), let_in });
        Ok(Some(Place { backlog: Arc::clone(self), number, let_in: told }))
    }

    /// Lets in whoever there is room for.
    pub(super) fn refill(&self, queue: &Sender<Entry>) {
        let mut waiting = self.lock();
        while let Some(first) = waiting.events.front() {
            if queue.try_send(Entry::Event(Arc::clone(&first.event))).is_err() {
                break;
            }
            if let Some(first) = waiting.events.pop_front() {
                // A publisher that has just given up has its event delivered all the same.
                let _ = first.let_in.send(());
            }
        }
    }

    /// Lets nobody in any more.
    pub(super) fn end(&self) {
        let waiting = std::mem::take(&mut self.lock().events);
        // Dropped without the lock: an event may be anything of a user's.
        drop(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.backlog.lock();
        let at = waiting.events.iter().position(|waiter| waiter.number == self.number);
        let given_up = at.and_then(|at| waiting.events.remove(at));
        drop(waiting);
        drop(given_up);
    }
}
