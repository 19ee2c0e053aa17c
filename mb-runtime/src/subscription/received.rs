//! An event as its reader gets it.

use std::{fmt, ops::Deref, sync::Arc};

use mb_core::Context;

/// An event, and what surrounds it. Dereferences to the event, which all its readers share.
pub struct Received<E> {
    event: Arc<E>,
    context: Context,
}

impl<E> Received<E> {
    pub(crate) fn new(event: Arc<E>, context: Context) -> Self {
        Self { event, context }
    }

    /// Who published it, as part of which trace.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The event, still shared.
    pub fn into_shared(self) -> Arc<E> {
        self.event
    }

    /// The event by itself: moved where this is its last reader, cloned otherwise.
    pub fn into_inner(self) -> E
    where
        E: Clone,
    {
        Arc::unwrap_or_clone(self.event)
    }
}

impl<E> Clone for Received<E> {
    fn clone(&self) -> Self {
        Self { event: Arc::clone(&self.event), context: self.context.clone() }
    }
}

impl<E> Deref for Received<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E: fmt::Debug> fmt::Debug for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt(f)
    }
}
