//! What each request has come to: what NATS's own tools ask for.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// One request of a contract.
pub(crate) struct Endpoint {
    /// `orders/createOrder`.
    pub(crate) full_name: &'static str,
    /// As a token of a subject.
    pub(crate) name: String,
    pub(crate) subject: String,
    requests: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
    last_error: Mutex<String>,
}

/// What there is to tell of an endpoint.
pub(crate) struct Told {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) nanos: u64,
    pub(crate) last_error: String,
}

/// One event of a contract, and how it is announced.
pub(crate) struct Announced {
    pub(crate) subject: async_nats::Subject,
    /// Which contract it belongs to, to the last shape.
    pub(crate) stamp: String,
    pub(crate) durable: bool,
}

impl Endpoint {
    pub(crate) fn new(full_name: &'static str, name: String, subject: String) -> Self {
        let zero = || AtomicU64::new(0);
        let (requests, errors, nanos) = (zero(), zero(), zero());
        Self { full_name, name, subject, requests, errors, nanos, last_error: Mutex::default() }
    }

    /// Notes a request that was answered, and, where that was an error, its code.
    pub(crate) fn note(&self, took: Duration, error: Option<&str>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        if let Some(code) = error {
            self.errors.fetch_add(1, Ordering::Relaxed);
            let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
            code.clone_into(&mut last);
        }
    }

    pub(crate) fn told(&self) -> Told {
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (requests, errors, nanos) = (get(&self.requests), get(&self.errors), get(&self.nanos));
        Told { requests, errors, nanos, last_error }
    }
}
