//! The tokens that users log in with again, without a password: random, with an end, and none of them
//! kept, only what is needed to know it again.
//!
//! Bounded: each user has so many, and one more takes the place of their oldest. So nobody can drive
//! out the tokens of others.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use super::{
    super::digest::{Digest, digest},
    UsersError,
};

#[derive(Default)]
pub(super) struct Tokens {
    held: HashMap<Digest, Held>,
    /// Those of each user, the oldest first.
    of: HashMap<String, VecDeque<Digest>>,
}

struct Held {
    username: String,
    ends: Instant,
}

impl Tokens {
    /// Notes a new token of somebody.
    pub(super) fn add(&mut self, token: &str, username: &str, ends: Instant, at_most: usize) {
        let token = digest(&[token]);
        let own = self.of.entry(username.to_owned()).or_default();
        own.push_back(token);
        self.held.insert(token, Held { username: username.to_owned(), ends });
        while own.len() > at_most.max(1)
            && let Some(oldest) = own.pop_front()
        {
            self.held.remove(&oldest);
        }
    }

    /// Whose it is, and until when; `Err` where it has been somebody's.
    pub(super) fn find(&mut self, token: &str) -> Option<Result<(String, Instant), Expired>> {
        let token = digest(&[token]);
        let held = self.held.get(&token)?;
        if held.ends > Instant::now() {
            return Some(Ok((held.username.clone(), held.ends)));
        }
        // Said once: from here on nobody knows it.
        self.forget(token);
        Some(Err(Expired))
    }

    /// It is good for nothing any more.
    pub(super) fn revoke(&mut self, token: &str) {
        self.forget(digest(&[token]));
    }

    fn forget(&mut self, token: Digest) {
        if let Some(held) = self.held.remove(&token)
            && let Some(own) = self.of.get_mut(&held.username)
        {
            own.retain(|other| *other != token);
        }
    }
}

/// A token that was good once.
pub(super) struct Expired;

/// A token that nobody can guess: 256 random bits.
pub(super) fn random() -> Result<String, UsersError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| UsersError::Random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
