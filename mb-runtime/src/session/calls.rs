//! The calls that this side has under way, and what came back of each. The id on the wire is a
//! slab's index beneath a number that is never used twice, so that a late answer to an old call
//! finds nobody.

use std::{
    collections::VecDeque,
    task::{self, Poll, Waker},
};

use mb_core::{EndReason, Fault, WireError};
use slab::Slab;
use tokio::time::Instant;

use crate::wire::Value;

/// A call under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallId(u64);

/// A place among those who wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// The most calls that a session may have under way: what the lower half of an id has room for.
const MAX_CALLS: usize = 1 << INDEX_BITS;

const INDEX_BITS: u32 = 16;

/// What came back of a call.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum Outcome {
    /// Its reply; for a stream, one item, or the end where there are no bytes.
    Data(Value),
    /// The end of a stream.
    End,
    /// What the other side failed with.
    Failed(WireError),
    /// Its time was over.
    Late,
    /// What this side knows to have gone wrong.
    Fault(Fault),
}

pub(super) struct Calls {
    slots: Slab<Slot>,
    /// As many as there may be.
    limit: usize,
    /// Those who wait for a place, in the order in which they are told of one.
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
    next: u64,
    /// No deadline is earlier than this.
    earliest: Option<Instant>,
}

/// Somebody who waits for a place.
struct Waiting {
    ticket: Ticket,
    deadline: Option<Instant>,
    waker: Waker,
}

struct Slot {
    id: CallId,
    deadline: Option<Instant>,
    /// Which frame of the session its request is; none before it is queued.
    frame: Option<u64>,
    state: State,
    waker: Option<Waker>,
}

enum State {
    Waiting,
    Answered(Outcome),
    /// A streamed reply: items that nobody has taken yet, and how many more are allowed.
    Streaming {
        items: VecDeque<Value>,
        allowed: u32,
    },
    /// A streamed reply whose end has come.
    Ending {
        items: VecDeque<Value>,
        end: Outcome,
    },
}

impl CallId {
    /// As it is on the wire.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn index(self) -> usize {
        usize::try_from(self.0 & ((1 << INDEX_BITS) - 1)).unwrap_or(usize::MAX)
    }
}

impl Calls {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            slots: Slab::new(),
            limit: limit.clamp(1, MAX_CALLS),
            waiting: VecDeque::new(),
            next_ticket: 0,
            next: 0,
            earliest: None,
        }
    }

    /// Ready when there is a place for one more call. Who has to wait is given a ticket, and owes
    /// [`leave_queue`](Self::leave_queue) should they stop waiting.
    pub(super) fn poll_place(
        &mut self,
        deadline: Option<Instant>,
        ticket: &mut Option<Ticket>,
        cx: &task::Context<'_>,
    ) -> Poll<()> {
        if self.slots.len() < self.limit {
            if let Some(ticket) = ticket.take() {
                self.waiting.retain(|waiting| waiting.ticket != ticket);
            }
            return Poll::Ready(());
        }
        let known = ticket.and_then(|ticket| self.waiting.iter_mut().find(|w| w.ticket == ticket));
        match known {
            Some(waiting) => waiting.waker.clone_from(cx.waker()),
            None => {
                let ticket = *ticket.get_or_insert(Ticket(self.next_ticket));
                self.next_ticket += 1;
                self.waiting.push_back(Waiting { ticket, deadline, waker: cx.waker().clone() });
                // Those who wait have no longer than those who are served.
                self.earliest = [self.earliest, deadline].into_iter().flatten().min();
            }
        }
        Poll::Pending
    }

    /// Somebody does not wait any longer. If it was their turn, it is the next one's now.
    pub(super) fn leave_queue(&mut self, ticket: Ticket) -> Option<Waker> {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.ticket != ticket);
        if self.waiting.len() == before { self.next_in_queue() } else { None }
    }

    /// The first who waits, if there is a place now.
    pub(super) fn next_in_queue(&mut self) -> Option<Waker> {
        let there_is = self.slots.len() < self.limit;
        there_is.then(|| self.waiting.pop_front().map(|waiting| waiting.waker))?
    }

    /// A new call, for which there is a place. `allowed` is how many items a streamed one may be
    /// sent.
    pub(super) fn start(
        &mut self,
        deadline: Option<Instant>,
        allowed: Option<u32>,
        waker: &Waker,
    ) -> CallId {
        let entry = self.slots.vacant_entry();
        let id = CallId((self.next << INDEX_BITS) | entry.key() as u64);
        self.next += 1;
        let state = match allowed {
            None => State::Waiting,
            Some(allowed) => State::Streaming { items: VecDeque::new(), allowed },
        };
        entry.insert(Slot { id, deadline, frame: None, state, waker: Some(waker.clone()) });
        self.earliest = [self.earliest, deadline].into_iter().flatten().min();
        id
    }

    /// Notes which frame a call's request is.
    pub(super) fn queued(&mut self, id: CallId, frame: u64) {
        if let Some(slot) = self.slot(id) {
            slot.frame = Some(frame);
        }
    }

    /// The earliest moment at which there may be something to do.
    pub(super) fn earliest(&self) -> Option<Instant> {
        self.earliest
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// What has come back of a call, or its next item. After an end it must not be asked again.
    pub(super) fn poll(&mut self, id: CallId, cx: &task::Context<'_>) -> Poll<Outcome> {
        let Some(slot) = self.slot(id) else { return Poll::Ready(Outcome::End) };
        let ready = match &mut slot.state {
            State::Waiting => None,
            State::Answered(outcome) => Some(std::mem::replace(outcome, Outcome::End)),
            State::Streaming { items, .. } => items.pop_front().map(Outcome::Data),
            State::Ending { items, end } => Some(match items.pop_front() {
                Some(item) => Outcome::Data(item),
                None => std::mem::replace(end, Outcome::End),
            }),
        };
        match ready {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                match &mut slot.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// Gives a call's place up. Says whether its end had not come yet.
    pub(super) fn release(&mut self, id: CallId) -> bool {
        if self.slot(id).is_none() {
            return false;
        }
        let slot = self.slots.try_remove(id.index());
        slot.is_some_and(|s| matches!(s.state, State::Waiting | State::Streaming { .. }))
    }

    /// Allows a streamed call more items.
    pub(super) fn allow(&mut self, id: CallId, more: u32) {
        if let Some(Slot { state: State::Streaming { allowed, .. }, .. }) = self.slot(id) {
            *allowed = allowed.saturating_add(more);
        }
    }

    /// The other side has answered. `None` where nobody waits for it.
    pub(super) fn answer(&mut self, id: &str, outcome: Outcome) -> Option<Waker> {
        let slot = self.slot(CallId::read(id)?)?;
        slot.end(outcome);
        slot.waker.take()
    }

    /// An item of a streamed reply has come. One more than was allowed ends the call.
    pub(super) fn item(&mut self, id: &str, data: Value) -> Option<Waker> {
        let slot = self.slot(CallId::read(id)?)?;
        match &mut slot.state {
            State::Streaming { allowed: 0, .. } => {
                let reason = "the other side sent more items than it was allowed to";
                slot.end(Outcome::Fault(Fault::unavailable(reason).with_retryable(false)));
            }
            State::Streaming { items, allowed } => {
                *allowed -= 1;
                items.push_back(data);
            }
            // Somebody who calls once gets no items.
            _ => return None,
        }
        slot.waker.take()
    }

    /// Ends the calls whose time is over, and says which.
    pub(super) fn expire(&mut self, now: Instant, wakers: &mut Vec<Waker>) -> Vec<CallId> {
        if self.earliest.is_none_or(|earliest| earliest > now) {
            return Vec::new();
        }
        let mut late = Vec::new();
        let mut earliest = None;
        for (_, slot) in &mut self.slots {
            match slot.deadline {
                Some(deadline) if deadline <= now && slot.is_open() => {
                    slot.end(Outcome::Late);
                    wakers.extend(slot.waker.take());
                    late.push(slot.id);
                }
                Some(deadline) if slot.is_open() => {
                    earliest = [earliest, Some(deadline)].into_iter().flatten().min();
                }
                _ => {}
            }
        }
        for waiting in &self.waiting {
            match waiting.deadline {
                // It finds out by itself that its time is over.
                Some(deadline) if deadline <= now => wakers.push(waiting.waker.clone()),
                deadline => earliest = [earliest, deadline].into_iter().flatten().min(),
            }
        }
        self.earliest = earliest;
        late
    }

    /// Ends every call. Frames from `unsent` on have not left this side.
    pub(super) fn end_all(&mut self, reason: EndReason, unsent: u64, wakers: &mut Vec<Waker>) {
        for (_, slot) in &mut self.slots {
            if slot.is_open() {
                let sent = slot.frame.is_some_and(|frame| frame < unsent);
                slot.end(Outcome::Fault(ended(reason, sent)));
            }
            wakers.extend(slot.waker.take());
        }
        // Whoever waits for a place finds out that there will be none.
        wakers.extend(self.waiting.drain(..).map(|waiting| waiting.waker));
    }

    fn slot(&mut self, id: CallId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index()).filter(|slot| slot.id == id)
    }
}

impl Slot {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::Streaming { .. })
    }

    /// The first end counts.
    fn end(&mut self, outcome: Outcome) {
        let state = std::mem::replace(&mut self.state, State::Waiting);
        self.state = match (state, outcome) {
            (State::Waiting, outcome) => State::Answered(outcome),
            // The data of the last response of a stream says nothing.
            (State::Streaming { items, .. }, Outcome::Data(_)) => {
                State::Ending { items, end: Outcome::End }
            }
            (State::Streaming { items, .. }, end) => State::Ending { items, end },
            (ended, _) => ended,
        };
    }
}

/// For a call that the end of the connection has caught.
fn ended(reason: EndReason, sent: bool) -> Fault {
    if sent {
        Fault::interrupted(format!("no answer came: {reason}"))
    } else {
        Fault::unavailable(reason.to_string())
    }
}
