//! When to try again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How a client whose connection was lost tries to get another: with exponentially growing delays,
/// and jitter, so that a thousand clients do not come back at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    first: Duration,
    longest: Duration,
    attempts: Option<usize>,
}

impl Reconnect {
    /// The default: 100 ms before the first attempt, twice as long before each further one, 5 s at
    /// most, for as long as it takes. Jitter adds up to as much again.
    pub fn new() -> Self {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(5));
        Self { first, longest, attempts: None }
    }

    /// No attempt: a lost connection stays lost, and subscriptions end.
    pub fn never() -> Self {
        Self::new().attempts(0)
    }

    /// How long it waits before the first attempt.
    #[must_use]
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// How long it waits between two attempts at most, before jitter.
    #[must_use]
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest = delay;
        self
    }

    /// After how many attempts in a row it gives up.
    #[must_use]
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = Some(attempts);
        self
    }

    pub(super) fn delays(&self) -> ExponentialBackoff {
        let builder = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest.max(self.first))
            .with_factor(2.0)
            .with_jitter();
        match self.attempts {
            Some(attempts) => builder.with_max_times(attempts).build(),
            None => builder.without_max_times().build(),
        }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new()
    }
}
