//! What is in a queue, and who waits at either end of it: plain data, kept under the queue's lock. It
//! runs nothing of a user's. Whatever might is handed out, to be woken or dropped without the lock.

use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    task::{self, Waker},
};

use mb_core::{EndReason, Message};
use tokio::sync::oneshot;

/// How many events may wait for room behind a queue.
const WAITING: usize = 1024;

/// What a reader gets.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// An event.
    Event(Arc<Message>),
    /// From here on something may be missing.
    Gap,
}

/// Entries in the order they came, and behind them those that wait for room: wherever there are any,
/// there is no room, so nothing overtakes them.
#[derive(Debug)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    capacity: usize,
    /// The reader, where it waits.
    reader: Option<Waker>,
    /// Whether there was no room to tell of a gap in its place.
    untold_gap: bool,
    /// Why there will be no more, once that is so.
    ended: Option<Ended>,
    waiting: VecDeque<Waiter>,
    next: u64,
}

/// Why nothing more comes in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// For this reason, which the reader is told.
    Because(EndReason),
    /// There is nobody any more to be told.
    Unread,
}

/// An event whose publisher waits for room.
#[derive(Debug)]
struct Waiter {
    number: u64,
    event: Arc<Message>,
    let_in: oneshot::Sender<()>,
}

/// What the reader takes, and the publisher whose event has got the room of it.
pub(super) struct Taken {
    pub(super) entry: Entry,
    pub(super) let_in: Option<oneshot::Sender<()>>,
}

/// What was in a ring that has ended: dropped without the lock.
pub(super) struct Remains {
    pub(super) reader: Option<Waker>,
    _unread: VecDeque<Entry>,
    waiting: VecDeque<Waiter>,
}

impl Ring {
    /// An empty one. It grows as it is filled.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            capacity,
            reader: None,
            untold_gap: false,
            ended: None,
            waiting: VecDeque::new(),
            next: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= self.capacity
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Puts an entry behind the others, for which there is room, and says whom to wake.
    pub(super) fn push(&mut self, entry: Entry) -> Option<Waker> {
        self.entries.push_back(entry);
        self.reader.take()
    }

    /// Puts an entry behind the others, even if the first of them has to make room. That one is handed
    /// out.
    pub(super) fn force(&mut self, entry: Entry) -> (Option<Entry>, Option<Waker>) {
        let displaced = if self.is_full() { self.entries.pop_front() } else { None };
        if let Some(Entry::Gap) = displaced {
            self.untold_gap = true;
        }
        (displaced, self.push(entry))
    }

    /// Tells of a gap as soon as the reader looks: there is no room for it in its place.
    pub(super) fn gap_now(&mut self) -> Option<Waker> {
        self.untold_gap = true;
        self.reader.take()
    }

    /// What comes next.
    pub(super) fn take(&mut self) -> Option<Taken> {
        if mem::take(&mut self.untold_gap) {
            return Some(Taken { entry: Entry::Gap, let_in: None });
        }
        let entry = self.entries.pop_front()?;
        let let_in = self.waiting.pop_front().map(|first| {
            self.entries.push_back(Entry::Event(first.event));
            first.let_in
        });
        Some(Taken { entry, let_in })
    }

    /// Wakes this task for what comes next, instead of the one that is handed out.
    pub(super) fn wake_for_next(&mut self, cx: &task::Context<'_>) -> Option<Waker> {
        match &self.reader {
            Some(reader) if reader.will_wake(cx.waker()) => None,
            _ => self.reader.replace(cx.waker().clone()),
        }
    }

    /// Has an event wait for room, behind those that do, unless there are as many as may.
    pub(super) fn wait(&mut self, event: Arc<Message>) -> Option<(u64, oneshot::Receiver<()>)> {
        if self.waiting.len() >= WAITING {
            return None;
        }
        let (let_in, told) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(Waiter { number, event, let_in });
        Some((number, told))
    }

    /// Takes out an event that waits, if it still does.
    pub(super) fn give_up(&mut self, number: u64) -> Option<Arc<Message>> {
        let at = self.waiting.iter().position(|waiter| waiter.number == number)?;
        self.waiting.remove(at).map(|waiter| waiter.event)
    }

    /// Lets nothing in any more. The first reason counts. What is in it stays, unless there is nobody
    /// to read it.
    pub(super) fn end(&mut self, ended: Ended) -> Remains {
        let unread = match ended {
            Ended::Because(_) => VecDeque::new(),
            Ended::Unread => mem::take(&mut self.entries),
        };
        self.ended.get_or_insert(ended);
        Remains {
            reader: self.reader.take(),
            _unread: unread,
            waiting: mem::take(&mut self.waiting),
        }
    }
}

impl Remains {
    /// How many events were still waiting for room.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
