//! A streamed reply at work. The handler's stream may borrow from its service and its context; to
//! the outside it is a stream of its own.
//!
//! There is no channel and no task: the consumer's poll drives a future that owns what the stream
//! borrows, and that leaves each item in a slot. Nothing is fetched before it is asked for.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{self, Poll},
};

use futures_core::Stream;
use mb_core::{Answer, Streaming};
use pin_project_lite::pin_project;

/// Where a handler's items are left for their consumer.
pub struct Items(Arc<Slot>);

#[derive(Default)]
struct Slot(Mutex<Option<Answer>>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Items {
    /// Leaves an item, and waits until it has been taken.
    pub(super) async fn put(&self, item: Answer) {
        *self.0.lock() = Some(item);
        // No waker is needed: whoever takes the item polls this future again.
        poll_fn(|_| if self.0.lock().is_some() { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

/// Drives a handler that leaves its items.
pub(super) fn stream<F>(start: impl FnOnce(Items) -> F) -> Streaming
where
    F: Future<Output = ()> + Send + 'static,
{
    let slot = Arc::new(Slot::default());
    let handler = start(Items(Arc::clone(&slot)));
    Box::pin(Pumped { slot, handler, done: false })
}

pin_project! {
    struct Pumped<F> {
        slot: Arc<Slot>,
        #[pin]
        handler: F,
        done: bool,
    }
}

impl<F: Future<Output = ()>> Stream for Pumped<F> {
    type Item = Answer;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let this = self.project();
        if *this.done {
            return Poll::Ready(None);
        }
        *this.done = this.handler.poll(cx).is_ready();
        // The slot may be full whether the future is done or pending.
        match this.slot.lock().take() {
            Some(item) => Poll::Ready(Some(item)),
            None if *this.done => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
