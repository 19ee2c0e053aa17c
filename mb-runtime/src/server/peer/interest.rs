//! Which events a client gets. Asked of a thousand clients for each event, so what they have asked for
//! is a bit each, which is looked at without a lock.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use mb_core::{Fault, FaultKind, SubscriptionId};

/// Which events a client has asked for, by their numbers.
pub(super) struct Interest {
    /// Whether it has ever said what it wants.
    narrowed: AtomicBool,
    first: Bits,
    others: Box<[Bits]>,
    subscriptions: Mutex<Subscriptions>,
}

/// The events of 64 numbers.
#[derive(Default)]
struct Bits(AtomicU64);

#[derive(Default)]
struct Subscriptions {
    events: HashMap<SubscriptionId, Vec<usize>>,
    next: u64,
}

impl Interest {
    /// Of somebody who has not asked for any of this many events.
    pub(super) fn none_of(events: usize) -> Self {
        Self {
            narrowed: AtomicBool::new(false),
            first: Bits::default(),
            others: (1..events.div_ceil(64)).map(|_| Bits::default()).collect(),
            subscriptions: Mutex::default(),
        }
    }

    /// Whether it has asked for the event of this number.
    pub(super) fn has(&self, event: usize) -> bool {
        self.bits(event / 64).is_some_and(|bits| bits.0.load(Ordering::Acquire) & bit(event) != 0)
    }

    /// Whether it gets the events that it has asked for, and no others.
    pub(super) fn is_narrowed(&self) -> bool {
        self.narrowed.load(Ordering::Acquire)
    }

    /// From now on it gets the events that it has asked for, and no others.
    pub(super) fn narrow(&self) {
        self.narrowed.store(true, Ordering::Release);
    }

    /// Asks for the events of these numbers, and from now on for no others but those it has asked for.
    pub(super) fn add(&self, events: Vec<usize>, limit: usize) -> Result<SubscriptionId, Fault> {
        let mut subscriptions = self.lock();
        if subscriptions.events.len() >= limit {
            let reason = format!(
                "{limit} subscriptions are as many as a connection may have: end one first, or raise \
                 `Limits::subscriptions` on the other side"
            );
            let fault = Fault::new(FaultKind::RateLimitExceeded, reason);
            return Err(fault.with_details(serde_json::json!({ "limit": limit })));
        }
        subscriptions.next += 1;
        let id = SubscriptionId(subscriptions.next.to_string().into());
        for &event in &events {
            if let Some(bits) = self.bits(event / 64) {
                bits.0.fetch_or(bit(event), Ordering::AcqRel);
            }
        }
        subscriptions.events.insert(id.clone(), events);
        self.narrow();
        Ok(id)
    }

    /// Asks no more for what only this subscription asked for.
    pub(super) fn remove(&self, subscription: &SubscriptionId) {
        let mut subscriptions = self.lock();
        for event in subscriptions.events.remove(subscription).into_iter().flatten() {
            if !subscriptions.events.values().any(|others| others.contains(&event))
                && let Some(bits) = self.bits(event / 64)
            {
                bits.0.fetch_and(!bit(event), Ordering::AcqRel);
            }
        }
    }

    fn bits(&self, at: usize) -> Option<&Bits> {
        match at.checked_sub(1) {
            None => Some(&self.first),
            Some(other) => self.others.get(other),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bit(event: usize) -> u64 {
    1 << (event % 64)
}
