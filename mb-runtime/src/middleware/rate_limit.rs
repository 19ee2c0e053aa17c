//! How often somebody may ask, each for themselves, so that one cannot use up what is there for all.
//!
//! What decides is `governor`, on tokio's clock. What it knows of each key is bounded here: a stranger
//! may make up any number of names.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore, keyed::ShrinkableKeyedStateStore},
};
use mb_core::{Fault, FaultKind, Message};
use tokio::time::Instant;

use super::{Handled, Kind, Middleware, Next};

/// How many keys are known at a time, unless said otherwise.
const KEYS: usize = 10_000;

/// Limits how often each client, each actor, or whatever a key function tells apart, may send requests
/// and events to a server.
///
/// `RateLimit::per_client(100, Duration::from_secs(1))` lets 100 messages through at once, and another
/// one each 10 ms (GCRA, a leaky bucket). What comes too soon answers `RATE_LIMIT_EXCEEDED`, with
/// the time to wait as `retry_after`, and does not count. What a server sends passes by.
///
/// ```
/// # use std::time::Duration;
/// use mb_runtime::{Server, middleware::RateLimit};
///
/// let server = Server::builder()
///     .middleware(RateLimit::per_actor(100, Duration::from_secs(1)).burst(20));
/// # let _ = server;
/// ```
#[must_use = "it limits what it is put around"]
pub struct RateLimit {
    count: NonZeroU32,
    per: Duration,
    burst: NonZeroU32,
    keys: usize,
    key: Key,
    hasher: RandomState,
    limiter: Limiter,
}

type Limiter = RateLimiter<u64, Known, TokioClock, NoOpMiddleware<Nanos>>;

/// Whom a message counts for.
enum Key {
    Client,
    Actor,
    Custom(Box<KeyFn>),
}

type KeyFn = dyn Fn(&Message) -> Option<String> + Send + Sync;

/// Who a message is from, as far as anybody knows.
#[derive(Hash)]
enum From<'a> {
    Client(&'a str),
    Actor(&'a str),
    Custom(String),
    Nobody,
}

impl RateLimit {
    /// So many messages `per` this time from each client, by the id that it has
    /// [registered](mb_core::Caller::id) with. A client chooses that id: this keeps honest clients
    /// from each other's way. Messages that come from no client share one limit.
    ///
    /// The count is at least 1, the time at least a nanosecond per message, and at most 73 years for a
    /// whole burst.
    pub fn per_client(count: u32, per: Duration) -> Self {
        Self::new(count, per, Key::Client)
    }

    /// The same from each [actor](mb_core::Context::actor) who is logged in, over all of their
    /// connections; from each client, where nobody is.
    pub fn per_actor(count: u32, per: Duration) -> Self {
        Self::new(count, per, Key::Actor)
    }

    /// The same for each key that this function makes of a message; those without one are not
    /// limited.
    pub fn per_key(
        count: u32,
        per: Duration,
        key: impl Fn(&Message) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(count, per, Key::Custom(Box::new(key)))
    }

    fn new(count: u32, per: Duration, key: Key) -> Self {
        let count = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let limiter = limiter(count, per, count, KEYS);
        let hasher = RandomState::new();
        Self { count, per, burst: count, keys: KEYS, key, hasher, limiter }
    }

    /// How many messages may come at once, at least 1. As many as there may be in the whole time,
    /// unless set.
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        self.limiter = limiter(self.count, self.per, self.burst, self.keys);
        self
    }

    /// How many keys it knows at a time, at least 2; 10,000 unless set, of about 50 bytes each. When
    /// there are more, those that have not been seen for longest are forgotten: whoever comes back
    /// starts anew.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.keys = keys.max(2);
        self.limiter = limiter(self.count, self.per, self.burst, self.keys);
        self
    }

    /// How many keys it knows now.
    pub fn keys(&self) -> usize {
        self.limiter.len()
    }

    /// Whom a message counts for; nobody at all, where it is not to be counted.
    fn key(&self, message: &Message) -> Option<u64> {
        let context = message.context();
        let client = || context.caller().map_or(From::Nobody, |caller| From::Client(caller.id()));
        let from = match &self.key {
            Key::Client => client(),
            Key::Actor => context.actor().map_or_else(client, |actor| From::Actor(&actor.id)),
            Key::Custom(key) => From::Custom(key(message)?),
        };
        // Of one size, however long the names are that strangers come up with.
        Some(self.hasher.hash_one(from))
    }
}

#[async_trait]
impl Middleware for RateLimit {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        if matches!(next.kind(), Kind::Server | Kind::Consumer)
            && let Some(key) = self.key(&message)
            && let Err(too_soon) = self.limiter.check_key(&key)
        {
            let wait = too_soon.wait_time_from(TokioClock::now(self.limiter.clock()));
            let fault = Fault::new(
                FaultKind::RateLimitExceeded,
                "too many messages: wait as long as `retry_after` says",
            );
            return Err(fault.with_retry_after(wait).into());
        }
        next.run(message).await
    }
}

fn limiter(count: NonZeroU32, per: Duration, burst: NonZeroU32, keys: usize) -> Limiter {
    // Beyond this, what governor counts in would not be wide enough.
    let longest = Duration::from_nanos(u64::MAX / 8 / u64::from(burst.get()));
    let each = (per / count.get()).clamp(Duration::from_nanos(1), longest);
    let quota = Quota::with_period(each).unwrap_or(Quota::per_second(count)).allow_burst(burst);
    RateLimiter::new(quota, Known::new(keys), TokioClock(Instant::now()))
}

/// Tokio's time since it was made, so that a limit follows a clock that stands still in a test.
#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// What is known of the keys seen last. When the young are as many as half of all, they become the
/// old, and the old are forgotten: no clock, no list, and no more than a swap per key.
struct Known {
    half: usize,
    ages: Mutex<Ages>,
}

#[derive(Default)]
struct Ages {
    young: HashMap<u64, InMemoryState>,
    old: HashMap<u64, InMemoryState>,
}

impl Known {
    fn new(keys: usize) -> Self {
        Self { half: keys / 2, ages: Mutex::default() }
    }
}

impl StateStore for Known {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        let Ages { young, old } = &mut *ages;
        if let Some(state) = young.get(key) {
            return state.measure_and_replace(&NotKeyed::NonKey, measure);
        }
        // One that was old a moment ago is young again.
        let state = old.remove(key).unwrap_or_default();
        if young.len() >= self.half {
            std::mem::swap(young, old);
            young.clear();
        }
        let measured = state.measure_and_replace(&NotKeyed::NonKey, measure);
        young.insert(*key, state);
        measured
    }
}

impl ShrinkableKeyedStateStore<u64> for Known {
    fn retain_recent(&self, _: Nanos) {}

    fn len(&self) -> usize {
        let ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.young.len() + ages.old.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("count", &self.count)
            .field("per", &self.per)
            .field("burst", &self.burst)
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}
