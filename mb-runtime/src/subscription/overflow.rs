//! What a slow reader's queue does when it is full.

use std::time::Duration;

/// What happens to an event whose reader's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest event in the queue makes room. The reader sees the latest.
    #[default]
    DropOldest,
    /// The new event is dropped. The reader sees the earliest.
    DropNewest,
    /// The subscription ends, with [`EndReason::Overflowed`](crate::EndReason::Overflowed): for a
    /// reader that must not miss any.
    Close,
    /// The publisher waits for room, this long at most; then the event is dropped. Slows down
    /// everybody who publishes to this reader.
    Wait(Duration),
}
