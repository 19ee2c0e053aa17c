//! One handler at work: inside its context, behind a net for panics, until it is done, dropped or
//! cut off.
//!
//! The generic part is a shim around the handler's future; what it does at each poll is shared, so
//! that fifty requests do not mean fifty copies of it.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{self, Poll, ready},
};

use futures_core::future::BoxFuture;
use mb_core::{
    Answer, AnyError, Body, Calling, Context, DeclaredError, Failure, Fault, Payload, Reply,
    RequestDescriptor,
};
use pin_project_lite::pin_project;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    gate::{self, Pass},
    seal,
};

/// What one running handler is surrounded by.
pub(crate) struct Run {
    request: &'static RequestDescriptor,
    context: Context,
    pass: Pass,
    /// Made when the handler is first pending: most never are.
    cut: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl Run {
    pub(crate) fn new(request: &'static RequestDescriptor, context: Context, pass: Pass) -> Self {
        Self { request, context, pass, cut: None }
    }

    pub(crate) fn request(&self) -> &'static RequestDescriptor {
        self.request
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the server lets nobody in any more.
    pub(super) fn is_closing(&self) -> bool {
        self.pass.closing().is_cancelled()
    }

    /// Drives a handler that answers once.
    pub(crate) fn drive<T, E, F>(self, handler: F) -> Calling
    where
        T: Payload,
        E: DeclaredError,
        F: Future<Output = Reply<T, E>> + Send + 'static,
    {
        let detached = self.request.detached;
        let running: BoxFuture<'static, Answer> = Box::pin(Running { run: self, handler });
        if detached {
            let detached: BoxFuture<'static, Answer> = Box::pin(Detached::Inline(running));
            Calling::from(detached)
        } else {
            Calling::from(running)
        }
    }

    /// Polls the handler in its context. An error means that it must not be polled again.
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut task::Context<'_>,
        until: impl Fn(&Pass) -> CancellationToken,
        poll: &mut dyn FnMut(&mut task::Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Fault>> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.context.sync_scope(|| poll(&mut *cx))));
        match polled {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => {
                let cut =
                    self.cut.get_or_insert_with(|| Box::pin(until(&self.pass).cancelled_owned()));
                ready!(cut.as_mut().poll(cx));
                Poll::Ready(Err(gate::stopped()))
            }
            Err(panic) => Poll::Ready(Err(seal::panicked(self.request, &*panic))),
        }
    }

    /// What of a failure may leave the server.
    pub(super) fn answer<T, E>(&self, reply: Reply<T, E>) -> Answer
    where
        T: Payload,
        E: DeclaredError,
    {
        reply.map(Body::new).map_err(|failure| match failure {
            Failure::Declared(error) => Failure::Declared(AnyError::new(error)),
            Failure::Fault(fault) => Failure::Fault(seal::seal(fault, self.request)),
        })
    }
}

pin_project! {
    struct Running<F> {
        run: Run,
        #[pin]
        handler: F,
    }
}

impl<T, E, F> Future for Running<F>
where
    T: Payload,
    E: DeclaredError,
    F: Future<Output = Reply<T, E>>,
{
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let this = self.project();
        let mut handler = this.handler;
        let polled = this.run.poll(cx, Pass::cut, &mut |cx| handler.as_mut().poll(cx));
        Poll::Ready(match ready!(polled) {
            Ok(reply) => this.run.answer(reply),
            Err(fault) => Err(fault.into()),
        })
    }
}

/// A handler that outlives its caller. It is polled once where the call is; if it is not done
/// then, it moves to a task of its own.
enum Detached {
    Inline(BoxFuture<'static, Answer>),
    Spawned(JoinHandle<Answer>),
    Done,
}

impl Future for Detached {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        if let Self::Inline(handler) = &mut *self {
            let Ok(runtime) = Handle::try_current() else {
                return Poll::Ready(Err(Fault::unavailable(
                    "a detached request needs a tokio runtime to outlive its caller in",
                )
                .into()));
            };
            if let Poll::Ready(answer) = handler.as_mut().poll(cx) {
                *self = Self::Done;
                return Poll::Ready(answer);
            }
            let Self::Inline(handler) = std::mem::replace(&mut *self, Self::Done) else {
                return Poll::Pending;
            };
            *self = Self::Spawned(runtime.spawn(handler));
        }
        match &mut *self {
            Self::Spawned(task) => {
                let joined = ready!(Pin::new(task).poll(cx));
                // Panics are caught inside: a task that did not finish was shut down.
                Poll::Ready(joined.unwrap_or_else(|_| Err(gate::stopped().into())))
            }
            Self::Inline(_) | Self::Done => Poll::Pending,
        }
    }
}
