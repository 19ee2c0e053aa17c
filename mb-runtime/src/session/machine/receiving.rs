//! What a frame of the other side means: work to do, somebody to wake, or a complaint.

use std::{borrow::Cow, task::Waker};

use mb_core::{Context, Fault, FaultKind};

use super::Machine;
use crate::{
    session::calls::Outcome,
    wire::{Incoming, Value},
};

/// What a frame asks for.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// Nothing, or no more than waking whoever waits for it.
    Done(Option<Waker>),
    /// To answer a request, which is counted until [`Machine::answered`] or [`Machine::serve`].
    Serve { id: Cow<'a, str>, name: Cow<'a, str>, payload: Value, context: Context },
    /// To refuse a request.
    Refuse { id: Cow<'a, str>, fault: Fault },
    /// To pass an event on.
    Publish { name: Cow<'a, str>, payload: Value, context: Context },
    /// To say that nothing can be made of it.
    Complain { reason: String, request_id: Option<String> },
}

impl Machine {
    /// Any frame, also one below the session, is a sign of life.
    pub(crate) fn heard(&mut self) {
        self.pulse.heard = true;
    }

    /// A frame that could be read.
    pub(crate) fn receive<'a>(&mut self, incoming: Incoming<'a>) -> Step<'a> {
        self.pulse.heard = true;
        match incoming {
            Incoming::Response { id, result } => {
                let outcome = result.map_or_else(Outcome::Failed, Outcome::Data);
                Step::Done(self.calls.answer(&id, outcome))
            }
            Incoming::Request { id, name, payload, context } => match self.admit(&id) {
                Ok(()) => {
                    self.inline += 1;
                    Step::Serve { id, name, payload, context }
                }
                Err(Refusal::Fault(fault)) => Step::Refuse { id, fault },
                Err(Refusal::Duplicate) => {
                    let reason = "a request of this requestId is under way".to_owned();
                    self.complain(reason, Some(id.into_owned()))
                }
            },
            Incoming::Event { name, payload, context } => Step::Publish { name, payload, context },
            Incoming::Item { id, data } => Step::Done(self.calls.item(&id, data)),
            Incoming::Credit { id, n } => Step::Done(self.served.allow(&id, n)),
            Incoming::Cancel { id } => Step::Done(self.served.cancel(&id)),
        }
    }

    /// A frame of which nothing can be made. After too many of them the session ends.
    pub(crate) fn complain<'a>(&mut self, reason: String, request_id: Option<String>) -> Step<'a> {
        self.pulse.heard = true;
        self.bad_frames += 1;
        Step::Complain { reason, request_id }
    }

    /// Whether there were too many bad frames since the last beat.
    pub(crate) fn is_fed_up(&self) -> bool {
        self.bad_frames > self.limits.bad_frames
    }

    fn admit(&self, id: &str) -> Result<(), Refusal> {
        if let Some(reason) = self.end() {
            return Err(Refusal::Fault(Fault::unavailable(reason.to_string())));
        }
        if self.served.contains(id) {
            return Err(Refusal::Duplicate);
        }
        if self.served.len() + self.inline >= self.limits.in_flight {
            let limit = self.limits.in_flight;
            let reason = format!(
                "{limit} requests are under way on this connection: wait for one of them, or raise \
                 `Limits::in_flight` on both sides"
            );
            let fault = Fault::new(FaultKind::RateLimitExceeded, reason);
            return Err(Refusal::Fault(fault.with_details(serde_json::json!({ "limit": limit }))));
        }
        Ok(())
    }
}

enum Refusal {
    Fault(Fault),
    Duplicate,
}
