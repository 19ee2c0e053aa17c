//! Retries, circuit breakers and rate limits, on a clock that stands still while nothing happens. The
//! figures they print are those that the guide speaks of.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod backend;
mod breaker;
mod rate_limit;
mod retry;

#[path = "../common/wire.rs"]
mod wire;

use std::{sync::Arc, time::Duration};

use magicbutton::middleware::{CircuitBreaker, RateLimit, Retry};

use backend::{Backend, down, open_with};

#[tokio::test(start_paused = true)]
async fn settings_beyond_all_bounds_do_no_harm() {
    for (few, long, share) in [(0, Duration::MAX, f32::NAN), (u32::MAX, Duration::ZERO, f32::MAX)] {
        let backend = Backend::new(|nth| if nth % 2 == 0 { Err(down()) } else { Ok(()) });
        let limit = RateLimit::per_client(few, long).burst(few).max_keys(0);
        let limit = Arc::new(limit.burst(few.max(1000)));
        let open = open_with(&backend, |server| server.middleware(Arc::clone(&limit))).await;
        let retry = Retry::new().retries(few).backoff(long, long).longest_retry_after(long);
        let retry = retry.budget(share, few).budget(-share, few).budget(share, few);
        let breaker = CircuitBreaker::new().window(few, few).failure_rate(share.into());
        let breaker = breaker.open_for(long).probes(few);
        println!("{limit:?} {retry:?} {breaker:?}");
        let client = open.client(|client| client.middleware(retry).middleware(breaker)).await;
        for thing in 0..10 {
            _ = client.price(thing).await;
        }
    }
}
