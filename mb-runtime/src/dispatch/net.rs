//! Keeps a panic of somebody's code from whoever polls or drops it.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{self, Poll, ready},
};

use pin_project_lite::pin_project;

use super::seal;

pin_project! {
    /// A handler or a chain whose panics, in `Drop` too, do no harm to whoever polls or drops it.
    pub(crate) struct Net<H> {
        #[pin]
        inner: Option<H>,
    }

    impl<H> PinnedDrop for Net<H> {
        fn drop(this: Pin<&mut Self>) {
            let mut inner = this.project().inner;
            if inner.is_some()
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| inner.set(None)))
            {
                seal::dropped_badly(panic);
            }
        }
    }
}

impl<H> Net<H> {
    /// With nothing in it yet.
    pub(super) fn empty() -> Self {
        Self { inner: None }
    }

    pub(crate) fn around(inner: H) -> Self {
        Self { inner: Some(inner) }
    }

    pub(super) fn put(self: Pin<&mut Self>, inner: H) {
        self.project().inner.set(Some(inner));
    }

    #[inline]
    pub(super) fn inner(self: Pin<&mut Self>) -> Option<Pin<&mut H>> {
        self.project().inner.as_pin_mut()
    }
}

/// What was inside is gone before it is seen what has become of it. An error stands for a panic.
impl<H: Future> Future for Net<H> {
    type Output = Result<H::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.as_mut().inner() else { return Poll::Pending };
        let done = match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(polled) => Ok(ready!(polled)),
            Err(panic) => Err(panic),
        };
        self.set(Self::empty());
        Poll::Ready(done)
    }
}
