//! The requests of the other side that are under way here: who may be told to stop, and how many
//! items each may send.

use std::{
    collections::{HashMap, hash_map::Entry},
    task::{self, Poll, Waker},
};

use tokio::time::Instant;

/// Why a handler must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The caller has given up.
    Cancelled,
    /// The caller's time is over.
    Late,
    /// This side is leaving: no answer that is not there now will be waited for.
    Leaving,
    /// The connection is over.
    Closed,
}

/// A request under way. Ids are the other side's to choose, and may come again.
#[derive(Debug, Clone)]
pub(crate) struct ServedId {
    pub(super) id: Box<str>,
    serial: u64,
}

#[derive(Default)]
pub(super) struct Served {
    entries: HashMap<Box<str>, Request>,
    next: u64,
    earliest: Option<Instant>,
}

struct Request {
    serial: u64,
    deadline: Option<Instant>,
    credits: u32,
    stop: Option<Stop>,
    waker: Option<Waker>,
}

impl Served {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    /// Notes a request that goes on for a while. `None` where one of this id is under way.
    pub(super) fn start(&mut self, id: Box<str>, deadline: Option<Instant>) -> Option<ServedId> {
        let serial = self.next;
        match self.entries.entry(id.clone()) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(entry) => {
                let request = Request { serial, deadline, credits: 0, stop: None, waker: None };
                entry.insert(request);
            }
        }
        self.next += 1;
        self.earliest = [self.earliest, deadline].into_iter().flatten().min();
        Some(ServedId { id, serial })
    }

    pub(super) fn earliest(&self) -> Option<Instant> {
        self.earliest
    }

    /// Ready when the request must not go on.
    pub(super) fn poll_stop(&mut self, id: &ServedId, cx: &task::Context<'_>) -> Poll<Stop> {
        let Some(request) = self.request(id) else { return Poll::Ready(Stop::Closed) };
        match request.stop {
            Some(stop) => Poll::Ready(stop),
            None => {
                request.wait(cx);
                Poll::Pending
            }
        }
    }

    /// Ready when one more item may be sent, which is then counted.
    pub(super) fn poll_credit(&mut self, id: &ServedId, cx: &task::Context<'_>) -> Poll<()> {
        match self.request(id) {
            Some(request) if request.credits == 0 => {
                request.wait(cx);
                Poll::Pending
            }
            Some(request) => {
                request.credits -= 1;
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }

    /// The other side allows more items.
    pub(super) fn allow(&mut self, id: &str, n: u32) -> Option<Waker> {
        let request = self.entries.get_mut(id)?;
        request.credits = request.credits.saturating_add(n);
        request.waker.take()
    }

    /// The other side has given a request up.
    pub(super) fn cancel(&mut self, id: &str) -> Option<Waker> {
        self.entries.get_mut(id)?.end(Stop::Cancelled)
    }

    /// A request is done. Says whether it was still to be answered.
    pub(super) fn finish(&mut self, id: &ServedId) -> bool {
        let found = self.request(id).is_some();
        if found {
            self.entries.remove(&id.id);
        }
        found
    }

    /// Stops those whose time is over.
    pub(super) fn expire(&mut self, now: Instant, wakers: &mut Vec<Waker>) {
        if self.earliest.is_none_or(|earliest| earliest > now) {
            return;
        }
        self.earliest = None;
        for request in self.entries.values_mut() {
            match request.deadline {
                Some(deadline) if deadline <= now => wakers.extend(request.end(Stop::Late)),
                deadline => {
                    self.earliest = [self.earliest, deadline].into_iter().flatten().min();
                }
            }
        }
    }

    /// Stops all of them; each says what became of it.
    pub(super) fn leave(&mut self, wakers: &mut Vec<Waker>) {
        self.entries.values_mut().for_each(|request| wakers.extend(request.end(Stop::Leaving)));
    }

    /// Stops all of them, and forgets them: nobody is there to be answered.
    pub(super) fn end_all(&mut self, wakers: &mut Vec<Waker>) {
        for (_, mut request) in self.entries.drain() {
            wakers.extend(request.waker.take());
        }
    }

    fn request(&mut self, id: &ServedId) -> Option<&mut Request> {
        self.entries.get_mut(&id.id).filter(|request| request.serial == id.serial)
    }
}

impl Request {
    fn wait(&mut self, cx: &task::Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// The first reason counts.
    fn end(&mut self, stop: Stop) -> Option<Waker> {
        self.stop.get_or_insert(stop);
        self.waker.take()
    }
}
