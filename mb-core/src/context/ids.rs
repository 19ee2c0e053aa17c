//! Ids that are made when somebody first reads them, and then shared by whoever asked for them.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

/// An id shared by several contexts, made on first reading. Children hold the cell, not their
/// parent: a chain of events that cause each other keeps nothing of its past alive.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedId(Arc<OnceLock<Box<str>>>);

impl SharedId {
    pub(super) fn known(id: &str) -> Self {
        Self(Arc::new(OnceLock::from(Box::from(id))))
    }

    pub(super) fn get(&self) -> Option<&str> {
        self.0.get().map(|id| &**id)
    }

    pub(super) fn get_or_init(&self, make: fn() -> Box<str>) -> &str {
        self.0.get_or_init(make)
    }
}

/// A message id: UUID v7 (RFC 9562), so that ids sort by time.
pub(super) fn message() -> Box<str> {
    Uuid::now_v7().to_string().into()
}

/// A trace id: 16 random bytes, as W3C Trace Context asks.
pub(super) fn trace() -> Box<str> {
    Uuid::new_v4().simple().to_string().into()
}

/// A span id: 8 random bytes.
pub(super) fn span() -> Box<str> {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    // A v4 UUID has six fixed bits; folding its halves leaves none of them fixed.
    format!("{:016x}", high ^ low.rotate_left(32)).into()
}
