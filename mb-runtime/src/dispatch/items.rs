//! A streamed reply at work. The handler's stream may borrow from its service and its context; to
//! the outside it is a stream of its own.
//!
//! There is no channel and no task: the consumer's poll drives a future that owns what the stream
//! borrows, and that leaves each item in a slot. Nothing is fetched before it is asked for.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{self, Poll},
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use mb_core::{Answer, Context, Fault, Reply, Request, Streaming};
use pin_project_lite::pin_project;

use super::{
    gate::{self, Pass},
    run::Run,
};

/// Where a handler's stream leaves its items. Generated code is its only user.
pub struct Items<R: Request>(Arc<Slot<Reply<R::Reply, R::Error>>>);

type Slot<T> = Mutex<Option<T>>;

impl<R: Request> Items<R> {
    /// Passes a stream on, item by item, each when the one before it has been taken.
    pub async fn forward(self, items: impl Stream<Item = Reply<R::Reply, R::Error>>) {
        let mut items = pin!(items);
        while let Some(item) = items.next().await {
            *lock(&self.0) = Some(item);
            // No waker is needed: whoever takes the item polls this future again.
            poll_fn(|_| if lock(&self.0).is_some() { Poll::Pending } else { Poll::Ready(()) })
                .await;
        }
    }
}

fn lock<T>(slot: &Slot<T>) -> std::sync::MutexGuard<'_, Option<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A streamed reply that is refused.
pub(crate) fn refused(fault: Fault) -> Streaming {
    stream::once(std::future::ready(Err(fault.into()))).boxed()
}

/// Drives a handler that answers by a stream.
pub(super) fn stream<R, Fut>(run: Run, start: impl FnOnce(Context, Items<R>) -> Fut) -> Streaming
where
    R: Request,
    Fut: Future<Output = ()> + Send + 'static,
{
    let slot = Arc::new(Mutex::new(None));
    let handler = start(run.context().clone(), Items(Arc::clone(&slot)));
    Box::pin(Pumped::<R, Fut> { run, slot, handler, ended: false })
}

pin_project! {
    struct Pumped<R: Request, F> {
        run: Run,
        slot: Arc<Slot<Reply<R::Reply, R::Error>>>,
        #[pin]
        handler: F,
        ended: bool,
    }
}

impl<R: Request, F: Future<Output = ()>> Stream for Pumped<R, F> {
    type Item = Answer;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        if this.run.is_closing() {
            *this.ended = true;
            return Poll::Ready(Some(Err(gate::stopped().into())));
        }
        let mut handler = this.handler;
        // The stream has an item when the slot is full, whether its future says so or not.
        let polled = this.run.poll(cx, Pass::closing, &mut |cx| {
            let done = handler.as_mut().poll(cx).is_ready();
            match lock(this.slot).take() {
                Some(item) => Poll::Ready(Some(item)),
                None if done => Poll::Ready(None),
                None => Poll::Pending,
            }
        });
        let Poll::Ready(polled) = polled else { return Poll::Pending };
        let answer = match polled {
            Ok(Some(reply)) => Some(this.run.answer(reply)),
            Ok(None) => None,
            Err(fault) => Some(Err(fault.into())),
        };
        *this.ended = !matches!(answer, Some(Ok(_)));
        Poll::Ready(answer)
    }
}
