//! Tokens that are good for nothing any more, until they would not be anyway.

use std::collections::{BTreeSet, HashSet};

use super::super::digest::Digest;

/// Bounded: where there are too many, the one that ends first is forgotten before its time.
pub(super) struct Revoked {
    tokens: HashSet<Digest>,
    /// By their ends, in Unix seconds.
    ends: BTreeSet<(u64, Digest)>,
    at_most: usize,
}

impl Revoked {
    pub(super) fn new(at_most: usize) -> Self {
        Self { tokens: HashSet::new(), ends: BTreeSet::new(), at_most: at_most.max(1) }
    }

    pub(super) fn set_most(&mut self, at_most: usize) {
        self.at_most = at_most.max(1);
    }

    pub(super) fn has(&self, token: &Digest) -> bool {
        self.tokens.contains(token)
    }

    pub(super) fn add(&mut self, token: Digest, ends: u64, now: u64) {
        while let Some(&(end, first)) = self.ends.first()
            && (end < now || self.tokens.len() >= self.at_most)
        {
            if end >= now {
                tracing::warn!(
                    at_most = self.at_most,
                    "too many tokens are revoked: one is let go"
                );
            }
            self.ends.pop_first();
            self.tokens.remove(&first);
        }
        if self.tokens.insert(token) {
            self.ends.insert((ends, token));
        }
    }
}
