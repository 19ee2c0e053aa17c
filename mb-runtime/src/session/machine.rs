//! One end of a session as a state machine: frames and time in, frames and work out. There is no
//! socket here and no clock; whoever drives it moves the bytes and says what time it is.
//!
//! The two ends are alike: either may call, serve, emit and leave. What calls, answers and the end do
//! is here; what a received frame means is [`receiving`], what the clock means [`time`].

mod receiving;
mod time;

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicBool},
    task::{self, Poll, Waker},
};

use bytes::Bytes;
use mb_core::{EndReason, Fault, Frame, Limits};
use tokio::time::Instant;

pub(crate) use receiving::Step;

use super::{
    calls::{CallId, Calls, Outcome, Ticket},
    outbox::Outbox,
    served::{Served, ServedId, Stop},
};
use time::Pulse;

/// One end of a session.
// In this order: what every event and every frame needs lies together.
#[repr(C)]
pub(crate) struct Machine {
    phase: Phase,
    /// Requests that are being answered where they are read.
    inline: usize,
    outbox: Outbox,
    calls: Calls,
    served: Served,
    limits: Arc<Limits>,
    pulse: Pulse,
    bad_frames: usize,
    /// The next tick that somebody has been told of.
    armed: Instant,
}

#[derive(Clone, Copy)]
enum Phase {
    Open,
    /// No new calls; what is served is still answered.
    Leaving(EndReason),
    Over(EndReason),
}

impl Machine {
    pub(crate) fn new(limits: Arc<Limits>, now: Instant) -> Self {
        let pulse = Pulse::new(&limits, now);
        let outbox = Outbox::new(Arc::clone(&limits));
        Self {
            phase: Phase::Open,
            calls: Calls::new(limits.in_flight),
            limits,
            served: Served::default(),
            inline: 0,
            outbox,
            bad_frames: 0,
            armed: pulse.next(),
            pulse,
        }
    }

    /// Why the session is over or about to be; `None` while it is not.
    pub(crate) fn end(&self) -> Option<EndReason> {
        match self.phase {
            Phase::Open => None,
            Phase::Leaving(reason) | Phase::Over(reason) => Some(reason),
        }
    }

    /// Whether nothing will be received or sent any more but what is queued.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    // Calls of this side.

    /// A place for a call, as soon as there is one, before its request is sent. `allowed` is how
    /// many items a streamed one may be sent at first. Who has been given a ticket owes
    /// [`leave_queue`](Self::leave_queue).
    pub(crate) fn poll_start(
        &mut self,
        deadline: Option<Instant>,
        allowed: Option<u32>,
        ticket: &mut Option<Ticket>,
        cx: &task::Context<'_>,
    ) -> Poll<Result<CallId, Fault>> {
        if let Some(reason) = self.end() {
            return Poll::Ready(Err(Fault::unavailable(reason.to_string())));
        }
        task::ready!(self.calls.poll_place(deadline, ticket, cx));
        Poll::Ready(Ok(self.calls.start(deadline, allowed, cx.waker())))
    }

    /// Somebody does not wait for a place any longer.
    pub(crate) fn leave_queue(&mut self, ticket: Ticket) -> Option<Waker> {
        self.calls.leave_queue(ticket)
    }

    /// Whose turn it is to call, after a call's place was given up.
    pub(crate) fn next_in_queue(&mut self) -> Option<Waker> {
        self.calls.next_in_queue()
    }

    /// Queues the request of a call. One whose end has come meanwhile is not sent: its caller has
    /// been told so.
    pub(crate) fn request(&mut self, id: CallId, frame: Bytes) -> Option<Waker> {
        if self.end().is_some() {
            return None;
        }
        self.calls.queued(id, self.outbox.next());
        self.send(frame)
    }

    /// What has come back of a call. See [`Calls::poll`].
    pub(crate) fn poll_outcome(&mut self, id: CallId, cx: &task::Context<'_>) -> Poll<Outcome> {
        self.calls.poll(id, cx)
    }

    /// What has come back of a call that is answered once; its place is given up then.
    pub(crate) fn poll_answer(&mut self, id: CallId, cx: &task::Context<'_>) -> Poll<Outcome> {
        let outcome = self.calls.poll(id, cx);
        if outcome.is_ready() {
            self.calls.release(id);
        }
        outcome
    }

    /// Allows a streamed call this many more items.
    pub(crate) fn allow(&mut self, id: CallId, more: u32) {
        self.calls.allow(id, more);
    }

    /// Gives a call up. Says whether the other side should be told.
    pub(crate) fn release(&mut self, id: CallId) -> bool {
        self.calls.release(id) && self.end().is_none()
    }

    // Requests of the other side.

    /// Turns a request from one that is answered where it was read into one that goes on. `None`
    /// where it must not: it is then [answered](Self::answered) with nothing.
    pub(crate) fn serve(&mut self, id: Box<str>, deadline: Option<Instant>) -> Option<ServedId> {
        if self.end().is_some_and(|reason| self.is_over() || reason != EndReason::ServerStopped) {
            return None;
        }
        let served = self.served.start(id, deadline)?;
        self.inline = self.inline.saturating_sub(1);
        Some(served)
    }

    /// Ready when a request that goes on must not.
    pub(crate) fn poll_stop(&mut self, id: &ServedId, cx: &task::Context<'_>) -> Poll<Stop> {
        self.served.poll_stop(id, cx)
    }

    /// Ready when a streamed reply may send one more item, and the network has room for it.
    pub(crate) fn poll_item(&mut self, id: &ServedId, cx: &task::Context<'_>) -> Poll<()> {
        task::ready!(self.poll_room(cx));
        self.served.poll_credit(id, cx)
    }

    /// Queues the answer of a request that was answered where it was read.
    pub(crate) fn answered(&mut self, frame: Option<Bytes>) -> Option<Waker> {
        self.inline = self.inline.saturating_sub(1);
        let waker = frame.and_then(|frame| self.send(frame));
        waker.or(self.leave())
    }

    /// Queues the answer of a request that went on, unless nobody is there to get it.
    pub(crate) fn finish(&mut self, id: &ServedId, frame: Option<Bytes>) -> Option<Waker> {
        let expected = self.served.finish(id);
        let waker = frame.filter(|_| expected).and_then(|frame| self.send(frame));
        waker.or(self.leave())
    }

    // What is sent.

    /// Queues a frame. Dropped where the session is over.
    pub(crate) fn send(&mut self, frame: Bytes) -> Option<Waker> {
        self.push(Frame::Data(frame))
    }

    /// Queues a sign of life below the session.
    pub(crate) fn ping(&mut self) -> Option<Waker> {
        self.push(Frame::Ping)
    }

    fn push(&mut self, frame: Frame) -> Option<Waker> {
        if self.is_over() {
            return None;
        }
        self.pulse.spoke = true;
        self.outbox.push(frame)
    }

    /// Queues an event. One that finds no room ends the session: its reader does not read.
    pub(crate) fn announce(&mut self, frame: Bytes) -> Result<Option<Waker>, Unheard> {
        if let Some(reason) = self.end() {
            return Err(Unheard { reason, wakers: Vec::new() });
        }
        if self.outbox.has_room(frame.len()) {
            return Ok(self.send(frame));
        }
        let mut wakers = Vec::new();
        self.close(EndReason::Overflowed, &mut wakers);
        Err(Unheard { reason: EndReason::Overflowed, wakers })
    }

    /// Ready when so little waits to be sent that more may be made, or the session is over.
    pub(crate) fn poll_room(&mut self, cx: &task::Context<'_>) -> Poll<()> {
        if self.is_over() || self.outbox.is_low() {
            return Poll::Ready(());
        }
        self.outbox.wait(cx);
        Poll::Pending
    }

    /// Whether so little waits to be sent that more may be made: [`poll_room`](Self::poll_room) for
    /// those who have somebody else wait.
    pub(crate) fn has_room(&self) -> bool {
        self.is_over() || self.outbox.is_low()
    }

    /// Whether so much waits to be sent that no more should be asked for, as a flag to look at.
    pub(crate) fn crowded(&self) -> &Arc<AtomicBool> {
        self.outbox.crowded()
    }

    /// Everything that waits to be sent, for the one who writes; `false` where there will never be
    /// anything any more.
    pub(crate) fn poll_outgoing(
        &mut self,
        into: &mut VecDeque<Frame>,
        cx: &task::Context<'_>,
    ) -> Poll<bool> {
        match self.outbox.poll_take(into, cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if self.is_over() => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }

    /// What [`poll_outgoing`](Self::poll_outgoing) handed out has been written.
    pub(crate) fn written(&mut self, wakers: &mut Vec<Waker>) {
        self.pulse.wrote = true;
        self.outbox.written(wakers);
    }

    // The end.

    /// Leaves, and says why. A stopping server first answers what it serves; what is being answered
    /// right now, which may be the request to leave, is answered in any case.
    pub(crate) fn close(&mut self, reason: EndReason, wakers: &mut Vec<Waker>) {
        if self.end().is_some() {
            return;
        }
        self.phase = Phase::Leaving(reason);
        // What is queued still leaves, before the goodbye.
        self.calls.end_all(reason, self.outbox.next(), wakers);
        if reason == EndReason::ServerStopped {
            self.served.leave(wakers);
        } else {
            self.served.end_all(wakers);
        }
        wakers.extend(self.leave());
    }

    /// The connection is over, whatever this side wanted.
    pub(crate) fn lose(&mut self, reason: EndReason, wakers: &mut Vec<Waker>) {
        let reason = self.end().unwrap_or(reason);
        self.phase = Phase::Over(reason);
        self.calls.end_all(reason, self.outbox.unsent(), wakers);
        self.served.end_all(wakers);
        self.outbox.clear(wakers);
    }

    /// Says goodbye when nothing is served any more.
    fn leave(&mut self) -> Option<Waker> {
        match self.phase {
            Phase::Leaving(reason) if self.inline == 0 && self.served.len() == 0 => {
                let waker = self.outbox.push(Frame::Close(reason));
                self.phase = Phase::Over(reason);
                waker
            }
            _ => None,
        }
    }

    /// How many calls of this side, and requests of the other, are under way.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn under_way(&self) -> (usize, usize) {
        (self.calls.len(), self.served.len() + self.inline)
    }
}

/// An event that does not reach the other side.
#[derive(Debug)]
pub(crate) struct Unheard {
    /// Why the session has ended, be it just now.
    pub(crate) reason: EndReason,
    /// Whom to wake because of it.
    pub(crate) wakers: Vec<Waker>,
}
