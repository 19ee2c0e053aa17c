//! A bounded queue of events between a publisher, who never blocks, and one reader.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{self, Poll, ready},
    time::Duration,
};

use async_channel::{Receiver, Sender, TrySendError};
use futures_core::Stream;
use mb_core::{EndReason, Fault, Message, Published};
use tokio::{runtime::Handle, time::timeout};

use super::{
    backlog::{Backlog, Ended, Place},
    entry::Entry,
};
use crate::meters;

/// How many events a queue holds unless the subscription says otherwise.
pub(crate) const QUEUE_CAPACITY: usize = 256;

/// How many it may hold at most.
const MAX_CAPACITY: usize = 65_536;

/// What happens to an event whose reader's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest event in the queue makes room. The reader sees the latest.
    #[default]
    DropOldest,
    /// The new event is dropped. The reader sees the earliest.
    DropNewest,
    /// The subscription ends, with [`EndReason::Overflowed`]: for a reader that must not miss any.
    Close,
    /// The publisher waits for room, this long at most; then the event is dropped. Slows down
    /// everybody who publishes to this reader.
    Wait(Duration),
}

/// The publisher's end.
pub(crate) struct Queue {
    sender: Sender<Entry>,
    overflow: Overflow,
    dropped: Arc<AtomicU64>,
    gaps: AtomicU64,
    /// Whether there was no room to tell of a gap in its place.
    untold_gap: AtomicBool,
    end: OnceLock<EndReason>,
    /// Those who wait for room, where the policy is to wait.
    backlog: Arc<Backlog>,
}

/// The reader's end.
pub(crate) struct Reader {
    receiver: Pin<Box<Receiver<Entry>>>,
    queue: Arc<Queue>,
}

/// A queue of `capacity` events, within bounds.
pub(crate) fn queue(capacity: usize, overflow: Overflow) -> Reader {
    let (sender, receiver) = async_channel::bounded(capacity.clamp(1, MAX_CAPACITY));
    let queue = Queue {
        sender,
        overflow,
        dropped: Arc::default(),
        gaps: AtomicU64::new(0),
        untold_gap: AtomicBool::new(false),
        end: OnceLock::new(),
        backlog: Arc::default(),
    };
    Reader { receiver: Box::pin(receiver), queue: Arc::new(queue) }
}

impl Queue {
    /// Puts an event in, or does what the policy says. Refused where the queue has ended.
    pub(crate) fn push(&self, event: &Arc<Message>) -> Published {
        let sent = match self.overflow {
            Overflow::DropOldest => match self.sender.force_send(Entry::Event(Arc::clone(event))) {
                Ok(displaced) => {
                    self.displaced(displaced);
                    Ok(())
                }
                Err(_) => Err(self.ended()),
            },
            Overflow::DropNewest => self.try_send(event).map(|room| self.count_dropped(!room)),
            Overflow::Close => self.try_send(event).map(|room| {
                if !room {
                    self.count_dropped(true);
                    self.close(EndReason::Overflowed);
                }
            }),
            Overflow::Wait(limit) => match self.backlog.push(&self.sender, event) {
                Ok(None) => Ok(()),
                Ok(Some(place)) => return self.wait(place, limit),
                Err(Ended) => Err(self.ended()),
            },
        };
        meters::queued(self.sender.len());
        match sent {
            Ok(()) => Published::Accepted,
            Err(fault) => Published::Refused(fault),
        }
    }

    /// Tells the reader that it may have missed something.
    pub(crate) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        let told = match self.overflow {
            Overflow::DropOldest => self
                .sender
                .force_send(Entry::Gap)
                .map(|displaced| self.displaced(displaced))
                .is_ok(),
            _ => self.sender.try_send(Entry::Gap).is_ok(),
        };
        if !told {
            self.untold_gap.store(true, Ordering::Release);
        }
    }

    /// How often the reader may have missed something because a connection was lost.
    pub(crate) fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    fn displaced(&self, displaced: Option<Entry>) {
        match displaced {
            Some(Entry::Event(_)) => self.count_dropped(true),
            Some(Entry::Gap) => self.untold_gap.store(true, Ordering::Release),
            None => {}
        }
    }

    /// Whether there was room.
    fn try_send(&self, event: &Arc<Message>) -> Result<bool, Fault> {
        match self.sender.try_send(Entry::Event(Arc::clone(event))) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Closed(_)) => Err(self.ended()),
        }
    }

    fn wait(&self, mut place: Place, limit: Duration) -> Published {
        // Counts the event as dropped unless it gets in: also when the publisher gives up.
        let lost = Lost { dropped: Arc::clone(&self.dropped), lost: true };
        if Handle::try_current().is_err() {
            return Published::Refused(Fault::unavailable("waiting for a reader needs tokio"));
        }
        Published::Waiting(Box::pin(async move {
            let reason = match timeout(limit, &mut place.let_in).await {
                Ok(Ok(())) => {
                    lost.found();
                    return Ok(());
                }
                Ok(Err(_)) => "the reader of the event has left",
                Err(_) => "the reader of the event had no room for it in time",
            };
            Err(Fault::unavailable(reason))
        }))
    }

    fn ended(&self) -> Fault {
        match self.end() {
            Some(reason) => Fault::unavailable(reason.to_string()),
            None => Fault::unavailable("the reader of the event has left"),
        }
    }

    /// Ends the queue. The reader still gets what is in it. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) {
        // Set before the channel closes: a reader that sees the end can ask for the reason.
        let _ = self.end.set(reason);
        self.sender.close();
        self.backlog.end();
    }

    pub(crate) fn end(&self) -> Option<EndReason> {
        self.end.get().copied()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn count_dropped(&self, dropped: bool) {
        count_dropped(&self.dropped, dropped);
    }
}

fn count_dropped(counter: &AtomicU64, dropped: bool) {
    if dropped {
        counter.fetch_add(1, Ordering::Relaxed);
        meters::dropped();
    }
}

/// An event that waits for room.
struct Lost {
    dropped: Arc<AtomicU64>,
    lost: bool,
}

impl Lost {
    fn found(mut self) {
        self.lost = false;
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        count_dropped(&self.dropped, self.lost);
    }
}

impl Reader {
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    pub(crate) fn poll_next(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Entry>> {
        if self.queue.untold_gap.swap(false, Ordering::AcqRel) {
            return Poll::Ready(Some(Entry::Gap));
        }
        let event = ready!(self.receiver.as_mut().poll_next(cx));
        if matches!(self.queue.overflow, Overflow::Wait(_)) {
            self.queue.backlog.refill(&self.queue.sender);
        }
        Poll::Ready(event)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("overflow", &self.overflow).finish_non_exhaustive()
    }
}
