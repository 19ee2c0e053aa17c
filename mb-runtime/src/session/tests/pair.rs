//! Two machines, a wire between them that takes its time, and a clock that stands still until it
//! is told otherwise.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use mb_core::{Body, Codec, EndReason, Fault, Frame, Limits};
use tokio::time::Instant;

use crate::{
    session::{
        calls::{CallId, Outcome},
        machine::{Machine, Step},
        served::{ServedId, Stop},
    },
    wire,
};

/// One end, and what has reached it and waits to be handled.
pub(super) struct End {
    pub(super) machine: Machine,
    /// Frames on their way here, and when each arrives.
    pub(super) arriving: VecDeque<(Instant, Frame)>,
    /// Requests that have arrived, still to be answered.
    pub(super) requests: Vec<(Box<str>, Box<str>)>,
    pub(super) events: Vec<Box<str>>,
    pub(super) complaints: usize,
}

pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) latency: Duration,
    pub(super) ends: [End; 2],
    /// Whether the wire still carries anything.
    pub(super) connected: bool,
}

pub(super) fn limits(change: impl FnOnce(&mut Limits)) -> Arc<Limits> {
    let mut limits = Limits::default();
    change(&mut limits);
    Arc::new(limits)
}

pub(super) fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

impl Pair {
    pub(super) fn new(limits: &Arc<Limits>) -> Self {
        Self::of([limits, limits])
    }

    /// Two ends with limits of their own.
    pub(super) fn of(limits: [&Arc<Limits>; 2]) -> Self {
        let now = Instant::now();
        let end = |limits: &Arc<Limits>| End {
            machine: Machine::new(Arc::clone(limits), now),
            arriving: VecDeque::new(),
            requests: Vec::new(),
            events: Vec::new(),
            complaints: 0,
        };
        let latency = Duration::from_millis(10);
        Self { now, latency, ends: limits.map(end), connected: true }
    }

    /// Calls from one end. Says which call it is.
    pub(super) fn call(
        &mut self,
        from: usize,
        limit: Option<Duration>,
        allowed: Option<u32>,
    ) -> Result<CallId, Fault> {
        let deadline = limit.map(|limit| self.now + limit);
        let machine = &mut self.ends[from].machine;
        let id = match machine.poll_start(deadline, allowed, &mut None, &cx()) {
            Poll::Ready(started) => started?,
            Poll::Pending => return Err(Fault::unavailable("no place")),
        };
        let text = id.number().to_string();
        let body = Body::new(());
        let frame =
            wire::request(&Codec::JSON, &text, "do", &body, &mb_core::Context::new()).unwrap();
        machine.request(id, frame);
        if let Some(allowed) = allowed {
            machine.send(wire::credit(&Codec::JSON, &text, allowed).unwrap());
        }
        Ok(id)
    }

    pub(super) fn outcome(&mut self, from: usize, id: CallId) -> Poll<Outcome> {
        self.ends[from].machine.poll_answer(id, &cx())
    }

    pub(super) fn next(&mut self, from: usize, id: CallId) -> Poll<Outcome> {
        self.ends[from].machine.poll_outcome(id, &cx())
    }

    pub(super) fn cancel(&mut self, from: usize, id: CallId) {
        let machine = &mut self.ends[from].machine;
        if machine.release(id) {
            let id = id.number().to_string();
            machine.send(wire::cancel(&Codec::JSON, &id).unwrap());
        }
    }

    pub(super) fn allow(&mut self, from: usize, id: CallId, more: u32) {
        let machine = &mut self.ends[from].machine;
        machine.allow(id, more);
        machine.send(wire::credit(&Codec::JSON, &id.number().to_string(), more).unwrap());
    }

    /// Answers the oldest request that has arrived at an end.
    pub(super) fn answer(&mut self, at: usize, reply: u32) {
        let (id, _) = self.ends[at].requests.remove(0);
        self.ends[at].machine.answered(Some(reply_frame(&id, reply)));
    }

    /// Turns the oldest request that has arrived at an end into one that goes on.
    pub(super) fn serve(&mut self, at: usize, limit: Option<Duration>) -> Option<ServedId> {
        let (id, _) = self.ends[at].requests.remove(0);
        let deadline = limit.map(|limit| self.now + limit);
        self.ends[at].machine.serve(id, deadline)
    }

    pub(super) fn finish(&mut self, at: usize, id: &ServedId, reply: u32) {
        let frame = reply_frame(&id.id, reply);
        self.ends[at].machine.finish(id, Some(frame));
    }

    pub(super) fn stop(&mut self, at: usize, id: &ServedId) -> Poll<Stop> {
        self.ends[at].machine.poll_stop(id, &cx())
    }

    /// Sends an item of a streamed reply, if that is allowed.
    pub(super) fn item(&mut self, at: usize, id: &ServedId, item: u32) -> bool {
        let machine = &mut self.ends[at].machine;
        let allowed = machine.poll_item(id, &cx()).is_ready();
        if allowed {
            machine.send(wire::item(&Codec::JSON, &id.id, &Body::new(item)).unwrap());
        }
        allowed
    }

    pub(super) fn close(&mut self, at: usize, reason: EndReason) {
        self.ends[at].machine.close(reason, &mut Vec::new());
    }

    /// Cuts the wire: what is on it is gone.
    pub(super) fn cut(&mut self) {
        self.connected = false;
        for end in &mut self.ends {
            end.arriving.clear();
            end.machine.lose(EndReason::ConnectionLost, &mut Vec::new());
        }
    }

    /// Puts what the ends want to send on the wire.
    pub(super) fn transmit(&mut self) {
        for from in [0, 1] {
            let mut batch = VecDeque::new();
            while let Poll::Ready(true) = self.ends[from].machine.poll_outgoing(&mut batch, &cx()) {
                self.ends[from].machine.written(&mut Vec::new());
                for frame in batch.drain(..).filter(|_| self.connected) {
                    self.ends[1 - from].arriving.push_back((self.now + self.latency, frame));
                }
            }
        }
    }

    /// Handles the next frame that has arrived at an end by now.
    pub(super) fn receive(&mut self, at: usize) -> bool {
        let now = self.now;
        let end = &mut self.ends[at];
        let Some((_, frame)) = end.arriving.pop_front_if(|(when, _)| *when <= now) else {
            return false;
        };
        end.handle(frame);
        true
    }

    /// Lets time pass: everything is sent, arrives and ticks in its order.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            self.transmit();
            for at in [0, 1] {
                while self.receive(at) {}
            }
            self.transmit();
            let next = self.ends.iter_mut().flat_map(|end| {
                // A machine that is over has nothing more to tick for.
                let tick = (!end.machine.is_over()).then(|| end.machine.arm());
                [tick, end.arriving.front().map(|(arrival, _)| *arrival)]
            });
            let Some(next) = next.flatten().min().filter(|next| *next <= until) else { break };
            self.now = next.max(self.now);
            self.tick();
        }
        self.now = until;
    }

    pub(super) fn tick(&mut self) {
        for end in &mut self.ends {
            let ticked = end.machine.tick(self.now);
            let (late, beat) = (ticked.late, ticked.beat);
            for id in late {
                end.machine.send(wire::cancel(&Codec::JSON, &id.number().to_string()).unwrap());
            }
            if beat {
                end.machine.ping();
            }
        }
    }
}

impl End {
    pub(super) fn handle(&mut self, frame: Frame) {
        let frame = match frame {
            Frame::Data(frame) => frame,
            Frame::Close(reason) => return self.machine.lose(reason, &mut Vec::new()),
            _ => return self.machine.heard(),
        };
        let step = match wire::read(&Codec::JSON, &frame) {
            Ok(incoming) => self.machine.receive(incoming),
            Err(bad) => self.machine.complain(bad.reason, bad.request_id),
        };
        match step {
            Step::Done(_) => {}
            Step::Serve { id, name, .. } => {
                self.requests.push((id.as_ref().into(), name.as_ref().into()))
            }
            Step::Refuse { id, fault } => {
                let frame = wire::failure(&Codec::JSON, &id, &fault.to_wire()).unwrap();
                self.machine.send(frame);
            }
            Step::Publish { name, .. } => self.events.push(name.as_ref().into()),
            Step::Complain { .. } => self.complaints += 1,
        }
    }
}

pub(super) fn reply_frame(id: &str, reply: u32) -> Bytes {
    wire::reply(&Codec::JSON, id, &Body::new(reply)).unwrap()
}

pub(super) fn data(number: u32) -> Outcome {
    Outcome::Data(wire::Value::json(&number.to_string()))
}
