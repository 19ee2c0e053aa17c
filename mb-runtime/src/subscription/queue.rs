//! A bounded queue of events between a publisher, who never blocks, and one reader.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{self, Poll},
    time::Duration,
};

use async_channel::{Receiver, Sender, TrySendError};
use futures_core::Stream;
use mb_core::{EndReason, Message, Published};

/// How many events a queue holds unless the subscription says otherwise.
pub(crate) const QUEUE_CAPACITY: usize = 256;

/// What happens to an event whose reader's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    sender: Sender<Arc<Message>>,
    overflow: Overflow,
    dropped: Arc<AtomicU64>,
    end: OnceLock<EndReason>,
}

/// The reader's end.
pub(crate) struct Reader {
    receiver: Pin<Box<Receiver<Arc<Message>>>>,
    queue: Arc<Queue>,
}

/// A queue of `capacity` events, of one where it is zero.
pub(crate) fn queue(capacity: usize, overflow: Overflow) -> Reader {
    let (sender, receiver) = async_channel::bounded(capacity.max(1));
    let dropped = Arc::default();
    let queue = Queue { sender, overflow, dropped, end: OnceLock::new() };
    Reader { receiver: Box::pin(receiver), queue: Arc::new(queue) }
}

impl Queue {
    /// Puts an event in, or does what the policy says.
    pub(crate) fn push(&self, event: &Arc<Message>) -> Published {
        let event = Arc::clone(event);
        match self.overflow {
            // A closed queue has told its reader why: nothing is lost unseen.
            Overflow::DropOldest => {
                if let Ok(Some(_)) = self.sender.force_send(event) {
                    self.count_dropped();
                }
            }
            Overflow::DropNewest => {
                if let Err(TrySendError::Full(_)) = self.sender.try_send(event) {
                    self.count_dropped();
                }
            }
            Overflow::Close => {
                if let Err(TrySendError::Full(_)) = self.sender.try_send(event) {
                    self.count_dropped();
                    self.close(EndReason::Overflowed);
                }
            }
            Overflow::Wait(limit) => {
                if let Err(TrySendError::Full(event)) = self.sender.try_send(event) {
                    return Published::Waiting(Box::pin(wait(
                        self.sender.clone(),
                        event,
                        limit,
                        Arc::clone(&self.dropped),
                    )));
                }
            }
        }
        Published::Accepted
    }

    /// Ends the queue. The reader still gets what is in it. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) {
        // Set before the channel closes: a reader that sees the end can ask for the reason.
        let _ = self.end.set(reason);
        self.sender.close();
    }

    pub(crate) fn end(&self) -> Option<EndReason> {
        self.end.get().copied()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts the event as dropped unless it finds room in time: also when the publisher gives up.
async fn wait(
    sender: Sender<Arc<Message>>,
    event: Arc<Message>,
    limit: Duration,
    dropped: Arc<AtomicU64>,
) {
    struct Lost(Arc<AtomicU64>, bool);
    impl Drop for Lost {
        fn drop(&mut self) {
            if self.1 {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    let mut lost = Lost(dropped, true);
    let sent = tokio::time::timeout(limit, sender.send(event)).await;
    lost.1 = sent.is_err();
}

impl Reader {
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    pub(crate) fn poll_next(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Arc<Message>>> {
        self.receiver.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("overflow", &self.overflow).finish_non_exhaustive()
    }
}
