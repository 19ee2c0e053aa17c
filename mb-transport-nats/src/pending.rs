//! Requests that were sent and not answered yet. Whoever waits finds the answer in a slot; nobody
//! has a channel or a timer of their own.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use async_nats::{Message, Subject};
use mb_core::EndReason;
use slab::Slab;
use tokio::time::Instant;

/// The most messages that wait in one slot: a stream's items are fewer, as each has a credit.
const LONGEST_QUEUE: usize = 1024;

/// What the last tokens of our reply subjects begin with.
const OURS: &str = "mb_";

/// Which request it is. Old answers do not find new requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    at: usize,
    generation: u32,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Got {
    Message(Message),
    /// Its time is over.
    Late,
    /// So is the connection.
    Closed(EndReason),
    /// Nobody is at work on it any more, and no answer came.
    Lost,
    /// The engine does not let this side send it.
    Denied,
}

#[derive(Default)]
pub(crate) struct Pending(Mutex<Slots>);

#[derive(Default)]
struct Slots {
    slots: Slab<Slot>,
    generation: u32,
    closed: Option<EndReason>,
    /// When somebody looks next for those whose time is over.
    looked_at: Option<Instant>,
    /// Counts signs of life: what was sent long before one should be known to whoever gave it.
    round: u64,
}

struct Slot {
    generation: u32,
    /// Most get one message, for which nothing is allocated.
    first: Option<Message>,
    more: VecDeque<Message>,
    waker: Option<Waker>,
    deadline: Option<Instant>,
    late: bool,
    lost: bool,
    denied: bool,
    /// Where it was sent.
    subject: Subject,
    round: u64,
    /// Events that are wanted from the moment on at which the answer comes.
    wants: Option<Arc<[String]>>,
}

impl Key {
    /// As the last token of a reply subject, with the time left in milliseconds where that is all
    /// that there is to say of the request: a header for it would cost more than the rest of it.
    pub(crate) fn write(self, left: Option<u64>, out: &mut String) {
        use std::fmt::Write;
        // Writing to a `String` does not fail.
        let _ = write!(out, "{OURS}{:x}_{:x}", self.at, self.generation);
        if let Some(left) = left {
            let _ = write!(out, "_{left:x}");
        }
    }

    /// Whether the last token of a reply subject is one of a magicbutton client's.
    pub(crate) fn is_of_ours(token: &str) -> bool {
        token.starts_with(OURS)
    }

    /// Read back from there.
    pub(crate) fn read(token: &str) -> Option<Self> {
        Self::read_whole(token).map(|(key, _)| key)
    }

    /// The time left, in milliseconds, where the token tells it.
    pub(crate) fn time_left(token: &str) -> Option<u64> {
        Self::read_whole(token)?.1
    }

    fn read_whole(token: &str) -> Option<(Self, Option<u64>)> {
        let mut parts = token.strip_prefix(OURS)?.split('_');
        let at = usize::from_str_radix(parts.next()?, 16).ok()?;
        let generation = u32::from_str_radix(parts.next()?, 16).ok()?;
        let left = match parts.next() {
            None => None,
            Some(left) => Some(u64::from_str_radix(left, 16).ok()?),
        };
        parts.next().is_none().then_some((Self { at, generation }, left))
    }
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a request about to be sent, and whether its time is over before anybody looks.
    pub(crate) fn open(
        &self,
        subject: Subject,
        deadline: Option<Instant>,
        wants: Option<Arc<[String]>>,
    ) -> Result<(Key, bool), EndReason> {
        let mut slots = self.lock();
        if let Some(reason) = slots.closed {
            return Err(reason);
        }
        slots.generation = slots.generation.wrapping_add(1);
        let generation = slots.generation;
        let (first, more, waker) = (None, VecDeque::new(), None);
        let (late, lost, denied, round) = (false, false, false, slots.round);
        let slot = Slot {
            generation,
            first,
            more,
            waker,
            deadline,
            late,
            lost,
            denied,
            subject,
            round,
            wants,
        };
        let sooner = deadline.is_some_and(|deadline| {
            let sooner = slots.looked_at.is_none_or(|looked_at| deadline < looked_at);
            if sooner {
                slots.looked_at = Some(deadline);
            }
            sooner
        });
        Ok((Key { at: slots.slots.insert(slot), generation }, sooner))
    }

    /// Hands an answer over, and says what is wanted from now on. One that nobody waits for is
    /// dropped.
    pub(crate) fn deliver(&self, key: Key, message: Message) -> Option<Arc<[String]>> {
        let (waker, wants) = {
            let mut slots = self.lock();
            let slot = slots.slot(key)?;
            if slot.first.is_none() {
                slot.first = Some(message);
            } else if slot.more.len() < LONGEST_QUEUE {
                slot.more.push_back(message);
            }
            (slot.waker.take(), slot.wants.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        wants
    }

    /// Waits for the next message of a request.
    pub(crate) fn poll(&self, key: Key, cx: &mut Context<'_>) -> Poll<Got> {
        let mut slots = self.lock();
        let closed = slots.closed;
        let Some(slot) = slots.slot(key) else {
            return Poll::Ready(Got::Closed(closed.unwrap_or(EndReason::ConnectionLost)));
        };
        if let Some(message) = slot.first.take() {
            slot.first = slot.more.pop_front();
            return Poll::Ready(Got::Message(message));
        }
        if slot.late {
            return Poll::Ready(Got::Late);
        }
        if slot.denied {
            return Poll::Ready(Got::Denied);
        }
        if slot.lost {
            return Poll::Ready(Got::Lost);
        }
        if let Some(reason) = closed {
            return Poll::Ready(Got::Closed(reason));
        }
        match &mut slot.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Forgets a request.
    pub(crate) fn forget(&self, key: Key) {
        let mut slots = self.lock();
        let gone = slots.slot(key).is_some().then(|| slots.slots.remove(key.at));
        drop(slots);
        drop(gone);
    }

    /// Tells those whose time is over, and when the next one's is.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let mut wakers = Vec::new();
        let mut slots = self.lock();
        for (_, slot) in &mut slots.slots {
            match slot.deadline {
                Some(deadline) if deadline <= now => {
                    slot.late = true;
                    slot.deadline = None;
                    wakers.extend(slot.waker.take());
                }
                Some(deadline) => next = Some(next.map_or(deadline, |next| next.min(deadline))),
                None => {}
            }
        }
        slots.looked_at = next;
        drop(slots);
        wakers.into_iter().for_each(Waker::wake);
        next
    }

    /// A round of signs of life is over, in which the other side has named all that it is at work
    /// on. What was sent before the round before it, and was not named, is lost.
    pub(crate) fn reconcile(&self, named: &HashSet<Key>) {
        let mut wakers = Vec::new();
        let mut slots = self.lock();
        let round = slots.round;
        for (at, slot) in &mut slots.slots {
            let key = Key { at, generation: slot.generation };
            if slot.round + 2 <= round && slot.first.is_none() && !named.contains(&key) {
                slot.lost = true;
                wakers.extend(slot.waker.take());
            }
        }
        drop(slots);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The engine does not let this side send anything there.
    pub(crate) fn deny(&self, subject: &str) {
        let mut wakers = Vec::new();
        let mut slots = self.lock();
        for (_, slot) in &mut slots.slots {
            if slot.subject.as_str() == subject {
                slot.denied = true;
                wakers.extend(slot.waker.take());
            }
        }
        drop(slots);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Another round begins.
    pub(crate) fn next_round(&self) {
        self.lock().round += 1;
    }

    /// From now on nothing is sent, and nothing comes. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) -> bool {
        let mut wakers = Vec::new();
        let first = {
            let mut slots = self.lock();
            let first = slots.closed.is_none();
            slots.closed.get_or_insert(reason);
            wakers.extend(slots.slots.iter_mut().filter_map(|(_, slot)| slot.waker.take()));
            first
        };
        wakers.into_iter().for_each(Waker::wake);
        first
    }

    /// How many requests there are.
    pub(crate) fn under_way(&self) -> usize {
        self.lock().slots.len()
    }

    pub(crate) fn closed(&self) -> Option<EndReason> {
        self.lock().closed
    }
}

impl Slots {
    fn slot(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots.get_mut(key.at).filter(|slot| slot.generation == key.generation)
    }
}
