//! Sending a message again whose first try has failed: only where that can do no harm, and never so
//! often that trying again becomes the trouble itself.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use mb_core::{AnyError, Failure, FaultKind, Message, Name};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};
use tower::retry::budget::{Budget, TpsBudget};

use super::{Handled, Kind, Middleware, Next, Outcome};

/// How long a retry counts against the budget, and a call for it.
const WINDOW: Duration = Duration::from_secs(10);

/// Sends requests and events of a client again that have failed.
///
/// What it sends again:
/// - whatever says of itself that it is [retryable](mb_core::Fault::is_retryable), a declared error
///   or a fault, unless the request [may have run](mb_core::Fault::may_have_run);
/// - of a request that its contract declares idempotent, also what may have run, and the faults
///   `UNAVAILABLE`, `TIMEOUT` and `INTERNAL_SERVER_ERROR`;
/// - of streams, only what has failed before its first item: it waits for that item.
///
/// What bounds it:
/// - so many [`retries`](Self::retries) of one message: 3 unless said otherwise;
/// - a [`budget`](Self::budget) over all messages: a fifth of the calls, and 10 per second;
/// - the message's deadline: it does not begin to wait for a try that would come too late.
///
/// It waits for a random part of a time that doubles with each retry, from 50 ms to 1 s, or for as long
/// as the fault [asks for](mb_core::Fault::retry_after), up to 1 s. Requests that a client serves and events that
/// it receives pass by.
///
/// Everything behind it in the chain sees each try; put it outside of a
/// [`CircuitBreaker`](super::CircuitBreaker).
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// use mb_runtime::{Client, middleware::Retry};
///
/// let retry = Arc::new(Retry::new().retries(2).budget(0.1, 5));
/// let client = Client::builder().middleware(Arc::clone(&retry));
/// // Later, say for a dashboard:
/// println!("{} messages were sent again", retry.retried());
/// # let _ = client;
/// ```
#[must_use = "it retries what it is put around"]
pub struct Retry {
    retries: u32,
    first: Duration,
    longest: Duration,
    longest_retry_after: Duration,
    budget: TpsBudget,
    retried: AtomicU64,
    refused: AtomicU64,
}

impl Retry {
    /// Three retries of a message, 50 ms after the first failure and 1 s apart at most; all together
    /// one for every five messages, and ten a second besides.
    pub fn new() -> Self {
        Self {
            retries: 3,
            first: Duration::from_millis(50),
            longest: Duration::from_secs(1),
            longest_retry_after: Duration::from_secs(1),
            budget: budget(0.2, 10),
            retried: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// How often one message is sent again at most; 3 unless set.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Before the first retry it waits for up to `first`, twice as long before each further one, and
    /// never for more than `longest`. How much of that is up to chance, so that those who have failed
    /// together do not come back together. 50 ms and 1 s unless set.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        (self.first, self.longest) = (first, longest.max(first));
        self
    }

    /// The longest time to wait that a fault may ask for, by its `retry_after`: one that asks for more
    /// is the answer, at once. 1 s unless set.
    pub fn longest_retry_after(mut self, limit: Duration) -> Self {
        self.longest_retry_after = limit;
        self
    }

    /// How much more than without it is sent in all: `share` of the calls of the last 10 s, and
    /// `per_second` more, so that a client with few calls can retry, too. 0.2 and 10 unless set.
    ///
    /// A share below 1 is one retry for each so many calls, rounded in favour of retries: 0.3 is one for
    /// each 3. Less than a thousandth is none, more than 1000 is 1000; none, and 0 per second, is no
    /// retry at all.
    pub fn budget(mut self, share: f32, per_second: u32) -> Self {
        self.budget = budget(share, per_second);
        self
    }

    /// How many retries there have been.
    pub fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    /// How many retries there would have been, but for the budget.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How long to wait before sending a message again that has failed for the `nth` time, counted
    /// from nought; `None` where it is not to be sent again.
    fn wait(&self, nth: u32, failure: &Failure<AnyError>, try_of: &Try) -> Option<Duration> {
        if nth >= self.retries || !may_repeat(failure, try_of.idempotent) {
            return None;
        }
        let wait = match asked_for(failure) {
            Some(wait) if wait > self.longest_retry_after => return None,
            // Not all of those who were told the same time at the very same moment.
            Some(wait) => wait.saturating_add(self.first.mul_f64(fastrand::f64())),
            None => {
                let doubled = self.first.saturating_mul(1_u32.checked_shl(nth).unwrap_or(u32::MAX));
                doubled.min(self.longest).mul_f64(fastrand::f64())
            }
        };
        if let Some(deadline) = try_of.deadline
            && deadline.saturating_duration_since(Instant::now()) <= wait
        {
            return None;
        }
        if !self.budget.withdraw() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(wait)
    }
}

/// What it matters to know of a message.
struct Try {
    idempotent: bool,
    deadline: Option<Instant>,
}

#[async_trait]
impl Middleware for Retry {
    async fn handle(&self, mut message: Message, next: Next) -> Handled {
        let sends = matches!(next.kind(), Kind::Client | Kind::Producer);
        if !sends || self.retries == 0 || Handle::try_current().is_err() {
            return next.run(message).await;
        }
        self.budget.deposit();
        let name = message.name().clone();
        let idempotent = matches!(&name, Name::Request(request) if request.idempotent);
        let try_of = Try { idempotent, deadline: message.context().deadline() };
        let mut nth = 0;
        loop {
            let copy = (nth < self.retries).then(|| message.copy());
            let failure = match begun(next.clone().run(message).await).await {
                Ok(outcome) => return Ok(outcome),
                Err(failure) => failure,
            };
            let wait = self.wait(nth, &failure, &try_of);
            let (Some(copy), Some(wait)) = (copy, wait) else { return Err(failure) };
            nth += 1;
            tracing::debug!(message = %name, retry = nth, ?wait, code = code(&failure), "sent again");
            sleep(wait).await;
            self.retried.fetch_add(1, Ordering::Relaxed);
            message = copy;
        }
    }
}

/// A stream that has failed before its first item has failed as a whole.
async fn begun(handled: Handled) -> Handled {
    match handled? {
        Outcome::Stream(mut items) => Ok(Outcome::Stream(match items.next().await {
            Some(Err(failure)) => return Err(failure),
            Some(first) => stream::once(std::future::ready(first)).chain(items).boxed(),
            None => stream::empty().boxed(),
        })),
        outcome => Ok(outcome),
    }
}

/// Whether sending the message again may help, and can do no harm.
fn may_repeat(failure: &Failure<AnyError>, idempotent: bool) -> bool {
    match failure {
        Failure::Declared(error) => error.is_retryable(),
        Failure::Fault(fault) if idempotent => {
            use FaultKind::{Internal, Timeout, Unavailable};
            fault.is_retryable() || matches!(fault.kind(), Unavailable | Timeout | Internal)
        }
        Failure::Fault(fault) => fault.is_retryable() && !fault.may_have_run(),
    }
}

fn asked_for(failure: &Failure<AnyError>) -> Option<Duration> {
    match failure {
        Failure::Fault(fault) => fault.retry_after(),
        Failure::Declared(_) => None,
    }
}

fn code(failure: &Failure<AnyError>) -> &str {
    match failure {
        Failure::Fault(fault) => fault.code(),
        Failure::Declared(error) => error.code(),
    }
}

/// Within what the budget takes: it panics beyond.
fn budget(share: f32, per_second: u32) -> TpsBudget {
    let share = if share >= 0.001 { share.min(1000.0) } else { 0.0 };
    TpsBudget::new(WINDOW, per_second.min(1_000_000), share)
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("retries", &self.retries)
            .field("first", &self.first)
            .field("longest", &self.longest)
            .field("longest_retry_after", &self.longest_retry_after)
            .field("budget", &self.budget)
            .field("retried", &self.retried())
            .field("refused", &self.refused())
            .finish()
    }
}
