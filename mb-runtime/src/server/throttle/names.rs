//! The failures of all user names that there may be, in a fixed number of slots: a stranger may make up
//! any number of names, and has nobody's failures forgotten by that.
//!
//! Where a name has its slots is a secret of this server's, so nobody finds one that shares them. A name
//! has two, in rows of their own, and is turned away where both are over: others that fail under one of
//! them are not noticed. What is charged to one that is over already would make everybody there wait
//! longer, so it is not: a name that shares a slot may fail twice as often as one that does not.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Mutex,
    time::Duration,
};

use tokio::time::Instant;

use super::{Failures, Rate, lock};

/// How many slots each of the two rows has, of 16 bytes each.
const SLOTS: usize = 1 << 14;

#[derive(Default)]
pub(super) struct Names {
    hasher: RandomState,
    /// One row after the other; empty until somebody shows a password.
    slots: Mutex<Vec<Failures>>,
}

/// Which slots of a name an attempt was charged to.
pub(super) struct Charged([Option<usize>; 2]);

impl Names {
    /// Notes one more failure of a name, or says how long to wait before there may be one.
    pub(super) fn charge(&self, name: &str, rate: Rate, now: Instant) -> Result<Charged, Duration> {
        // Before the lock: there is no limit to how long a name is.
        let places = self.places(name);
        let mut slots = lock(&self.slots);
        if slots.is_empty() {
            *slots = vec![Failures::default(); 2 * SLOTS];
        }
        let mut wait = Duration::MAX;
        let charged = places.map(|place| match slots.get_mut(place)?.charge(rate, now) {
            Ok(()) => Some(place),
            Err(own) => {
                wait = wait.min(own);
                None
            }
        });
        if charged == [None; 2] { Err(wait) } else { Ok(Charged(charged)) }
    }

    pub(super) fn give_back(&self, charged: &Charged, rate: Rate) {
        let mut slots = lock(&self.slots);
        for place in charged.0.into_iter().flatten() {
            if let Some(slot) = slots.get_mut(place) {
                slot.give_back(rate);
            }
        }
    }

    /// A slot in each row.
    fn places(&self, name: &str) -> [usize; 2] {
        let hash = self.hasher.hash_one(name);
        let place = |bits: u64| usize::try_from(bits % SLOTS as u64).unwrap_or_default();
        [place(hash), SLOTS + place(hash >> 32)]
    }
}
