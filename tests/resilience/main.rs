//! Retries, circuit breakers and rate limits, on a clock that stands still while nothing happens. The
//! figures they print are those that the guide speaks of.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod backend;
mod breaker;
mod rate_limit;
mod retry;

#[path = "../common/wire.rs"]
mod wire;
