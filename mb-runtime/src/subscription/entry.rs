//! What is in a queue: events, and the places where some may be missing.

use std::sync::Arc;

use mb_core::Message;

/// What is in a queue.
#[derive(Clone)]
pub(crate) enum Entry {
    Event(Arc<Message>),
    /// From here on something may be missing.
    Gap,
}
