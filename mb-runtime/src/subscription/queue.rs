//! A bounded queue of events between a publisher, who never blocks, and one reader.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{self, Poll, Waker},
    time::Duration,
};

use mb_core::{EndReason, Fault, FaultKind, Message, Published};
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use super::{
    overflow::Overflow,
    ring::{Ended, Entry, Ring},
};
use crate::meters;

/// How many events a queue holds unless the subscription says otherwise.
pub(crate) const QUEUE_CAPACITY: usize = 256;

/// How many it may hold at most.
const MAX_CAPACITY: usize = 65_536;

/// The publisher's end.
pub(crate) struct Queue {
    ring: Mutex<Ring>,
    overflow: Overflow,
    dropped: AtomicU64,
    gaps: AtomicU64,
}

/// The reader's end.
pub(crate) struct Reader(Arc<Queue>);

/// A queue of `capacity` events, within bounds.
pub(crate) fn queue(capacity: usize, overflow: Overflow) -> Reader {
    let ring = Ring::new(capacity.clamp(1, MAX_CAPACITY));
    let (dropped, gaps) = (AtomicU64::new(0), AtomicU64::new(0));
    Reader(Arc::new(Queue { ring: Mutex::new(ring), overflow, dropped, gaps }))
}

impl Queue {
    /// Puts an event in, or does what the policy says. Refused where the queue has ended.
    pub(crate) fn push(self: &Arc<Self>, event: &Arc<Message>) -> Published {
        let entry = Entry::Event(Arc::clone(event));
        let mut ring = self.lock();
        if let Some(ended) = ring.ended() {
            drop(ring);
            return Published::Refused(refused(ended));
        }
        let (displaced, reader) = match self.overflow {
            Overflow::DropOldest => ring.force(entry),
            _ if !ring.is_full() => (None, ring.push(entry)),
            policy => return self.overflowing(policy, ring, event),
        };
        let queued = ring.len();
        drop(ring);
        wake(reader);
        if let Some(Entry::Event(_)) = displaced {
            self.count_dropped(1);
        }
        meters::queued(queued);
        Published::Accepted
    }

    /// There is no room.
    #[cold]
    fn overflowing(
        self: &Arc<Self>,
        policy: Overflow,
        mut ring: MutexGuard<'_, Ring>,
        event: &Arc<Message>,
    ) -> Published {
        if let Overflow::Wait(limit) = policy
            && Handle::try_current().is_ok()
        {
            let Some((number, let_in)) = ring.wait(Arc::clone(event)) else {
                drop(ring);
                self.count_dropped(1);
                let reason = "as many events as may wait for their reader already do";
                return Published::Refused(Fault::new(FaultKind::RateLimitExceeded, reason));
            };
            drop(ring);
            return Place { queue: Arc::clone(self), number, let_in }.wait(limit);
        }
        drop(ring);
        self.count_dropped(1);
        match policy {
            Overflow::Wait(_) => {
                return Published::Refused(Fault::no_runtime("waiting for a reader"));
            }
            Overflow::Close => self.close(EndReason::Overflowed),
            Overflow::DropNewest | Overflow::DropOldest => {}
        }
        Published::Accepted
    }

    /// Tells the reader that it may have missed something.
    pub(crate) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        let mut ring = self.lock();
        if ring.ended().is_some() {
            return;
        }
        let (displaced, reader) = match self.overflow {
            Overflow::DropOldest => ring.force(Entry::Gap),
            _ if !ring.is_full() => (None, ring.push(Entry::Gap)),
            _ => (None, ring.gap_now()),
        };
        drop(ring);
        wake(reader);
        if let Some(Entry::Event(_)) = displaced {
            self.count_dropped(1);
        }
    }

    /// How often the reader may have missed something because a connection was lost.
    pub(crate) fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// Ends the queue. The reader still gets what is in it. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) {
        self.finish(Ended::Because(reason));
    }

    fn finish(&self, ended: Ended) {
        let mut remains = self.lock().end(ended);
        self.count_dropped(remains.waiting());
        wake(remains.reader.take());
    }

    pub(crate) fn end(&self) -> Option<EndReason> {
        match self.lock().ended()? {
            Ended::Because(reason) => Some(reason),
            Ended::Unread => None,
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn count_dropped(&self, events: usize) {
        self.dropped.fetch_add(events as u64, Ordering::Relaxed);
        meters::dropped(events);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

fn refused(ended: Ended) -> Fault {
    match ended {
        Ended::Because(reason) => Fault::unavailable(reason.to_string()),
        Ended::Unread => Fault::unavailable("the reader of the event has left"),
    }
}

/// A publisher's place among those that wait for room. Whoever gives it up takes the event out.
struct Place {
    queue: Arc<Queue>,
    number: u64,
    /// Done when the event is in the queue; an error when it never will be.
    let_in: oneshot::Receiver<()>,
}

impl Place {
    fn wait(mut self, limit: Duration) -> Published {
        Published::Waiting(Box::pin(async move {
            let reason = match timeout(limit, &mut self.let_in).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(_)) => "the reader of the event has left",
                // It may have been let in at the last moment.
                Err(_) if !self.leave() && self.let_in.try_recv().is_ok() => return Ok(()),
                Err(_) => "the reader of the event had no room for it in time",
            };
            Err(Fault::unavailable(reason))
        }))
    }

    /// Says whether the event was still waiting.
    fn leave(&self) -> bool {
        let given_up = self.queue.lock().give_up(self.number);
        if given_up.is_some() {
            self.queue.count_dropped(1);
        }
        given_up.is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Reader {
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.0
    }

    pub(crate) fn poll_next(&mut self, cx: &task::Context<'_>) -> Poll<Option<Entry>> {
        let mut ring = self.0.lock();
        if let Some(taken) = ring.take() {
            drop(ring);
            if let Some(let_in) = taken.let_in {
                // A publisher that has just given up has its event delivered all the same.
                let _ = let_in.send(());
            }
            return Poll::Ready(Some(taken.entry));
        }
        if ring.ended().is_some() {
            return Poll::Ready(None);
        }
        let former = ring.wake_for_next(cx);
        drop(ring);
        drop(former);
        Poll::Pending
    }
}

/// What is in the queue then is read by nobody.
impl Drop for Reader {
    fn drop(&mut self) {
        self.0.finish(Ended::Unread);
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("overflow", &self.overflow).finish_non_exhaustive()
    }
}
