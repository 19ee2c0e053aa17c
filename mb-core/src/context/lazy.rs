//! What a sender has written, made when somebody first needs it.

use std::sync::{Arc, OnceLock};

use super::Written;

/// A value that is there when it is first asked for, for its twin too.
pub(super) struct Lazy {
    own: OnceLock<Arc<Written>>,
    /// Made for a twin before there was a value: far smaller than one.
    both: Option<Arc<OnceLock<Arc<Written>>>>,
}

impl Lazy {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { own: OnceLock::new(), both: None }
    }

    /// The value, if anybody has needed it.
    pub(super) fn get(&self) -> Option<&Arc<Written>> {
        self.own.get().or_else(|| self.both.as_ref()?.get())
    }

    pub(super) fn force(&self) -> &Arc<Written> {
        match (self.own.get(), &self.both) {
            (Some(written), _) => written,
            (None, Some(both)) => both.get_or_init(Arc::default),
            (None, None) => self.own.get_or_init(Arc::default),
        }
    }

    pub(super) fn into_inner(self) -> Arc<Written> {
        match (self.own.into_inner(), self.both) {
            (Some(written), _) => written,
            // From now on the two are two.
            (None, Some(both)) => Arc::clone(both.get_or_init(Arc::default)),
            (None, None) => Arc::default(),
        }
    }

    /// Another of the same value, whichever of the two needs it first.
    #[inline]
    pub(super) fn twin(&mut self) -> Self {
        match self.own.get() {
            Some(written) => Arc::clone(written).into(),
            None => {
                let both = Arc::clone(self.both.get_or_insert_default());
                Self { own: OnceLock::new(), both: Some(both) }
            }
        }
    }
}

impl From<Arc<Written>> for Lazy {
    fn from(written: Arc<Written>) -> Self {
        Self { own: written.into(), both: None }
    }
}
