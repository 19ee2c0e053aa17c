//! What the passing of time means: calls that are late, requests that are, and a side that has gone
//! silent or takes nothing any more. Signs of life are looked at once per beat: no frame asks for the
//! time.

use std::{task::Waker, time::Duration};

use mb_core::{EndReason, Limits};
use tokio::time::Instant;

use super::Machine;
use crate::session::calls::CallId;

/// Signs of life since the last beat.
pub(super) struct Pulse {
    next: Instant,
    every: Duration,
    pub(super) heard: bool,
    pub(super) spoke: bool,
    /// How long nothing has been heard.
    quiet: Duration,
    /// How long nothing that was queued has been taken by the network.
    stuck: Duration,
    pub(super) wrote: bool,
}

/// What the passing of time asks for.
#[derive(Debug, Default)]
pub(crate) struct Ticked {
    /// Whom to wake.
    pub(crate) wakers: Vec<Waker>,
    /// Calls to take back on the other side.
    pub(crate) late: Vec<CallId>,
    /// Whether to give a sign of life.
    pub(crate) beat: bool,
}

impl Pulse {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let every = limits.heartbeat.min(limits.silence).max(Duration::from_millis(1));
        Self {
            next: now + every,
            every,
            heard: true,
            spoke: true,
            quiet: Duration::ZERO,
            stuck: Duration::ZERO,
            wrote: false,
        }
    }

    /// When the next beat is.
    pub(super) fn next(&self) -> Instant {
        self.next
    }
}

impl Machine {
    /// When [`tick`](Self::tick) is to be called at the latest; earlier does no harm.
    pub(crate) fn arm(&mut self) -> Instant {
        self.armed = [self.calls.earliest(), self.served.earliest()]
            .into_iter()
            .flatten()
            .fold(self.pulse.next, Instant::min);
        self.armed
    }

    /// Whether a deadline comes before the next tick that somebody has been told of.
    pub(crate) fn is_before_next_tick(&self, deadline: Instant) -> bool {
        deadline < self.armed
    }

    /// Ends what is late, and notices a silence.
    pub(crate) fn tick(&mut self, now: Instant) -> Ticked {
        let mut ticked = Ticked::default();
        if self.is_over() {
            return ticked;
        }
        ticked.late = self.calls.expire(now, &mut ticked.wakers);
        self.served.expire(now, &mut ticked.wakers);
        if self.pulse.next > now {
            return ticked;
        }
        self.bad_frames = 0;
        let pulse = &mut self.pulse;
        pulse.next = now + pulse.every;
        pulse.quiet = if pulse.heard { Duration::ZERO } else { pulse.quiet + pulse.every };
        let is_stuck = !pulse.wrote && !self.outbox.is_empty();
        pulse.stuck = if is_stuck { pulse.stuck + pulse.every } else { Duration::ZERO };
        ticked.beat = !pulse.heard || !pulse.spoke;
        (pulse.heard, pulse.spoke, pulse.wrote) = (false, false, false);
        let (quiet, stuck) = (pulse.quiet, pulse.stuck);
        // Stuck says more than silent: who does not read what it is sent may have a lot to say.
        if stuck >= self.limits.silence {
            self.lose(EndReason::Overflowed, &mut ticked.wakers);
        } else if quiet >= self.limits.silence {
            self.close(EndReason::Silent, &mut ticked.wakers);
        }
        ticked
    }
}
