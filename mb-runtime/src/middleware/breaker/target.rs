//! One breaker: what decides is `throttle-net`'s, on tokio's clock; here is how a request goes by it, and
//! who gets to see its state.

use std::{sync::Arc, time::Duration};

use mb_core::{Fault, Message};
use throttle_net::{
    BreakerState as Inside, CircuitBreaker as Machine, CircuitBreakerBuilder, Decision, Limiter,
    OwnedPermit, ThrottleError, TokioClock, Trip,
};
use tokio::{sync::watch, time::Instant};

use super::{BreakerState, CircuitBreaker};

/// One target, and who watches it.
pub(super) struct Target {
    name: &'static str,
    machine: Arc<Machine<Unlimited, TokioClock>>,
    seen: watch::Sender<BreakerState>,
}

impl Target {
    pub(super) fn new(name: &'static str, settings: &CircuitBreaker) -> Self {
        let CircuitBreaker { rate: ratio, window, least, open_for, probes, .. } = *settings;
        let machine = CircuitBreakerBuilder::new()
            .trip(Trip::Ratio { window, ratio, min_calls: least })
            .cooldown(open_for)
            .half_open(probes, probes)
            .build(Unlimited)
            .with_clock(TokioClock::new());
        let seen = watch::Sender::new(BreakerState::Closed);
        Self { name, machine: Arc::new(machine), seen }
    }

    pub(super) fn watch(&self) -> watch::Receiver<BreakerState> {
        self.seen.subscribe()
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.machine.state() {
            Inside::Closed => BreakerState::Closed,
            Inside::HalfOpen => BreakerState::HalfOpen,
            _ => BreakerState::Open,
        }
    }

    /// Tells of the state, if it is another one. It is read under the lock of those who watch, so that
    /// the last one told is the last one there was.
    fn tell(&self) {
        self.seen.send_if_modified(|seen| {
            let state = self.state();
            let changed = *seen != state;
            if changed {
                tracing::info!(service = self.name, from = ?*seen, to = ?state, "circuit breaker");
                *seen = state;
            }
            changed
        });
    }

    /// Lets a request through, or says why not.
    pub(super) fn enter(self: Arc<Self>, message: &Message) -> Result<Inquiry, Fault> {
        let permit = self.machine.try_acquire_owned();
        self.tell();
        match permit {
            Ok(Some(permit)) => {
                let deadline = message.context().deadline();
                let probe = self.state() == BreakerState::HalfOpen;
                Ok(Inquiry { target: self, permit: Some(permit), deadline, probe })
            }
            Ok(None) => Err(self.closed_to(Duration::ZERO)),
            Err(ThrottleError::CircuitOpen { retry_after }) => Err(self.closed_to(retry_after)),
            Err(error) => Err(Fault::internal(error)),
        }
    }

    fn closed_to(&self, left: Duration) -> Fault {
        let fault = Fault::unavailable(format!(
            "{} has failed too often: this client leaves it alone for a while; see why it failed",
            self.name
        ));
        match left {
            // Half open, while others try: it is up to them how long that takes.
            Duration::ZERO => fault,
            left => fault.with_retry_after(left),
        }
    }
}

/// One request that was let through, until it is known how it went.
pub(super) struct Inquiry {
    target: Arc<Target>,
    permit: Option<OwnedPermit<Unlimited, TokioClock>>,
    deadline: Option<Instant>,
    probe: bool,
}

impl Inquiry {
    /// Whether others wait for how it goes.
    pub(super) fn is_probe(&self) -> bool {
        self.probe
    }

    pub(super) fn went(mut self, well: bool) {
        match self.permit.take() {
            Some(permit) if well => permit.success(),
            Some(permit) => permit.failure(),
            None => {}
        }
    }
}

impl Drop for Inquiry {
    /// Given up: by the deadline, which is the target's fault, or by its caller, which is nobody's.
    fn drop(&mut self) {
        let late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        match self.permit.take() {
            Some(permit) if late => permit.failure(),
            Some(permit) => permit.cancel(),
            None => {}
        }
        self.target.tell();
    }
}

/// What `throttle-net` calls the limiter inside of a breaker: there is none.
#[derive(Debug)]
struct Unlimited;

impl Limiter for Unlimited {
    fn peek(&self, _: u32) -> Decision {
        Decision::Acquired
    }

    fn acquire_cost(&self, _: u32) -> Decision {
        Decision::Acquired
    }

    fn available(&self) -> u32 {
        u32::MAX
    }

    fn capacity(&self) -> u32 {
        u32::MAX
    }
}
