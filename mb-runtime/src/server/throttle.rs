//! How often a login may fail: on one connection, and for one user name over all of them. Guessing
//! gets slow; whoever is right is not counted.
//!
//! Each attempt is charged when it begins, so that a thousand at once are no way around it, and what
//! does not fail gets its charge back (a generic cell rate algorithm, with refunds: that is why it is
//! not `governor`'s). No name is ever locked: one more attempt is let in each pause, whoever makes it,
//! and an attempt that is turned away makes nobody wait longer. Tokens are not held up by what happens
//! to the name of their user: whoever was logged in before stays able to log in.

mod names;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mb_core::{Fault, FaultKind, Limits};
use tokio::time::Instant;

use self::names::{Charged, Names};
use crate::meters;

/// The failures of all user names.
pub(super) struct Throttle {
    connection: Rate,
    name: Rate,
    names: Names,
}

/// As long as no clock minds: a year.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// So many at once, and another one each pause.
#[derive(Clone, Copy)]
struct Rate {
    burst: u32,
    pause: Duration,
}

/// When all failures of somebody are forgotten.
#[derive(Clone, Copy, Default)]
pub(super) struct Failures(Option<Instant>);

/// A login under way. Dropped, it counts as failed.
pub(super) struct Attempt {
    throttle: Arc<Throttle>,
    connection: Arc<Mutex<Failures>>,
    name: Option<Charged>,
}

impl Throttle {
    pub(super) fn new(limits: &Limits) -> Self {
        // What no clock can tell would not be charged.
        let pause = limits.login_pause.min(LONGEST_PAUSE);
        let rate = |burst| Rate { burst, pause };
        let (connection, name) = (rate(limits.failed_logins), rate(limits.failed_passwords));
        Self { connection, name, names: Names::default() }
    }

    /// Lets somebody try to log in: on this connection, and with the password of this user, where it
    /// is by password.
    pub(super) fn attempt(
        self: &Arc<Self>,
        connection: &Arc<Mutex<Failures>>,
        username: Option<&str>,
    ) -> Result<Attempt, Fault> {
        let now = Instant::now();
        lock(connection).charge(self.connection, now).map_err(too_soon)?;
        let charged = username.map(|name| self.names.charge(name, self.name, now));
        let name = charged.transpose().map_err(|wait| {
            // It was not looked at, so it is no failure of this connection.
            lock(connection).give_back(self.connection);
            too_soon(wait)
        })?;
        Ok(Attempt { throttle: Arc::clone(self), connection: Arc::clone(connection), name })
    }
}

impl Attempt {
    /// It has not failed.
    pub(super) fn forgive(self) {
        lock(&self.connection).give_back(self.throttle.connection);
        if let Some(charged) = &self.name {
            self.throttle.names.give_back(charged, self.throttle.name);
        }
    }
}

impl Failures {
    /// Notes one more, or says how long to wait before there may be one.
    fn charge(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let until = self.0.filter(|until| *until > now).unwrap_or(now);
        let at_most = rate.pause.saturating_mul(rate.burst.max(1) - 1);
        let wait = until.duration_since(now).saturating_sub(at_most);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.0 = until.checked_add(rate.pause).or(self.0);
        Ok(())
    }

    fn give_back(&mut self, rate: Rate) {
        self.0 = self.0.and_then(|until| until.checked_sub(rate.pause));
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn too_soon(wait: Duration) -> Fault {
    meters::login_throttled();
    tracing::debug!(?wait, "a login was turned away: too many have failed");
    let reason = "too many logins have failed, or are being looked at, on this connection or for this \
                  user name: wait as long as `retry_after` says, or log in with a token";
    Fault::new(FaultKind::RateLimitExceeded, reason).with_retry_after(wait)
}
