//! Leaving a service alone that is down, so that it can come back, and its callers know at once.
//!
//! Here is whose breaker a request goes by, and what counts as a failure; [`target`] is one breaker.

mod target;

use std::{
    collections::HashMap,
    fmt,
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use mb_core::{AnyError, Failure, FaultKind, Message, Name};
use tokio::{runtime::Handle, sync::watch, time::timeout};

use self::target::Target;
use super::{Handled, Kind, Middleware, Next, Outcome};

/// Answers the requests of a client at once while the service that they go to is down.
///
/// A target is down when, of its last 100 requests, half have failed; it takes 20 of them to tell. Then
/// its breaker is open: for 5 s, requests answer `UNAVAILABLE`, with the time left as `retry_after`, and
/// nothing is sent. After that it is half open: one request at a time is let through, the others
/// answer `UNAVAILABLE`. If that one goes well the breaker closes, and if not it is open again.
///
/// What counts as a failure is what speaks of the target's health: the faults `UNAVAILABLE`, `TIMEOUT`
/// and `INTERNAL_SERVER_ERROR`, and calls given up at their deadline. Declared errors and all other
/// faults are answers. Calls given up before count for nothing. A stream has gone well with its first
/// item, at its end, or when it has not failed for as long as a breaker stays open.
///
/// A target is a contract, on the server that the client is connected to; see
/// [`per_request`](Self::per_request). Requests by name alone share one target, `*`. Events, and
/// requests that a client serves, pass by.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// use mb_runtime::{Client, middleware::{BreakerState, CircuitBreaker}};
///
/// let breaker = Arc::new(CircuitBreaker::new().open_for(Duration::from_secs(1)));
/// let client = Client::builder().middleware(Arc::clone(&breaker));
/// assert_eq!(breaker.state(), BreakerState::Closed);
/// # let _ = client;
/// ```
#[must_use = "it guards what it is put around"]
pub struct CircuitBreaker {
    rate: f64,
    window: u32,
    least: u32,
    open_for: Duration,
    probes: u32,
    per_request: bool,
    targets: RwLock<HashMap<&'static str, Arc<Target>>>,
}

/// Whether requests are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// All of them.
    Closed,
    /// One at a time, to see how it goes.
    HalfOpen,
    /// None. It stays so until the first request after its time.
    Open,
}

/// What requests by name alone go to.
const UNNAMED: &str = "*";

impl CircuitBreaker {
    /// Opens when half of the last 100 requests have failed, of 20 at least; five seconds later one
    /// request is let through, to see.
    pub fn new() -> Self {
        Self {
            rate: 0.5,
            window: 100,
            least: 20,
            open_for: Duration::from_secs(5),
            probes: 1,
            per_request: false,
            targets: RwLock::default(),
        }
    }

    /// The part of the requests that must have failed for it to open: 0.5 unless set, from 0.01 to 1.
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.rate = if rate.is_nan() { 1.0 } else { rate.clamp(0.01, 1.0) };
        self
    }

    /// Over how many of the last requests it looks, 100 unless set, and how many it takes to tell, 20
    /// unless set. Both are at least 1, and the second at most the first.
    pub fn window(mut self, requests: u32, least: u32) -> Self {
        self.window = requests.max(1);
        self.least = least.clamp(1, self.window);
        self
    }

    /// How long it stays open before it lets a request through again: 5 s unless set.
    pub fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// How many requests must go well, and how many are let through at a time, while it is half open: 1
    /// unless set.
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes.max(1);
        self
    }

    /// Each request of a contract is a target of its own: for services of which one part can be down
    /// while others are not.
    pub fn per_request(mut self) -> Self {
        self.per_request = true;
        self
    }

    /// The state of the target that is worst off.
    pub fn state(&self) -> BreakerState {
        let states = self.states().into_iter().map(|(_, state)| state);
        states.max().unwrap_or(BreakerState::Closed)
    }

    /// The state of each target that has been called or is watched: by the name of the contract, or by the full name
    /// of the request.
    pub fn states(&self) -> Vec<(&'static str, BreakerState)> {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        targets.iter().map(|(name, target)| (*name, target.state())).collect()
    }

    /// The state of one target as a value to watch: closed, where it has not been called yet. Changes that follow each other faster than they
    /// are read are seen as one.
    pub fn watch(&self, target: &'static str) -> watch::Receiver<BreakerState> {
        self.target(target).watch()
    }

    fn target(&self, name: &'static str) -> Arc<Target> {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = targets.get(name) {
            return Arc::clone(target);
        }
        drop(targets);
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(targets.entry(name).or_insert_with(|| Arc::new(Target::new(name, self))))
    }

    /// Whose breaker a request goes by. Names that are not a contract's own could be any number.
    fn name_of(&self, name: &Name) -> &'static str {
        match name {
            Name::Request(request) if self.per_request => request.full_name,
            Name::Request(request) => request.full_name.split('/').next().unwrap_or(UNNAMED),
            _ => UNNAMED,
        }
    }
}

#[async_trait]
impl Middleware for CircuitBreaker {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        if next.kind() != Kind::Client {
            return next.run(message).await;
        }
        let inquiry = self.target(self.name_of(message.name())).enter(&message)?;
        let mut running = pin!(next.run(message));
        let handled = if inquiry.is_probe() && Handle::try_current().is_ok() {
            let Ok(handled) = timeout(self.open_for, running.as_mut()).await else {
                // Whoever hangs is not well: others need not wait for it to be asked again.
                inquiry.went(false);
                return running.await;
            };
            handled
        } else {
            running.await
        };
        match handled {
            Ok(Outcome::Stream(mut items)) if Handle::try_current().is_ok() => {
                let Ok(first) = timeout(self.open_for, items.next()).await else {
                    inquiry.went(true);
                    return Ok(Outcome::Stream(items));
                };
                match &first {
                    Some(Err(failure)) if is_nobodys(failure) => drop(inquiry),
                    Some(Err(failure)) => inquiry.went(!is_down(failure)),
                    Some(Ok(_)) | None => inquiry.went(true),
                }
                Ok(Outcome::Stream(stream::iter(first).chain(items).boxed()))
            }
            Ok(outcome) => {
                inquiry.went(true);
                Ok(outcome)
            }
            Err(failure) => {
                match is_nobodys(&failure) {
                    true => drop(inquiry),
                    false => inquiry.went(!is_down(&failure)),
                }
                Err(failure)
            }
        }
    }
}

/// Whether the target is not well.
fn is_down(failure: &Failure<AnyError>) -> bool {
    use FaultKind::{Internal, Timeout, Unavailable};
    matches!(failure, Failure::Fault(fault) if matches!(fault.kind(), Internal | Timeout | Unavailable))
}

/// Whether it says nothing of the target.
fn is_nobodys(failure: &Failure<AnyError>) -> bool {
    matches!(failure, Failure::Fault(fault) if fault.kind() == FaultKind::Cancelled)
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("failure_rate", &self.rate)
            .field("window", &(self.window, self.least))
            .field("open_for", &self.open_for)
            .field("probes", &self.probes)
            .field("states", &self.states())
            .finish_non_exhaustive()
    }
}
