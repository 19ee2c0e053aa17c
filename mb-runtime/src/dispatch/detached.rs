//! A handler that outlives its caller: `#[request(detached)]`.

use std::{
    future::Future,
    pin::Pin,
    task::{self, Poll, ready},
};

use futures_core::future::BoxFuture;
use mb_core::{Answer, Calling, Fault};
use tokio::{runtime::Handle, task::JoinHandle};

use super::gate;

/// It is polled once where the call is; if it is not done then, it moves to a task of its own.
pub(crate) enum Detached {
    Inline(BoxFuture<'static, Answer>, Option<Handle>),
    Spawned(JoinHandle<Answer>),
    Done,
}

impl Detached {
    /// `runtime` is the server's; without one, the caller's has to do.
    pub(crate) fn calling(handler: BoxFuture<'static, Answer>, runtime: Option<Handle>) -> Calling {
        let detached: BoxFuture<'static, Answer> = Box::pin(Self::Inline(handler, runtime));
        detached.into()
    }

    fn start(&mut self, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let Self::Inline(handler, runtime) = self else { return Poll::Pending };
        let Some(runtime) = runtime.take().or_else(|| Handle::try_current().ok()) else {
            return Poll::Ready(Err(Fault::no_runtime("a detached request").into()));
        };
        // Timers and sockets it makes from the first are the server's too.
        let on_it = runtime.enter();
        let polled = handler.as_mut().poll(cx);
        drop(on_it);
        if polled.is_ready() {
            return polled;
        }
        if let Self::Inline(handler, _) = std::mem::replace(self, Self::Done) {
            *self = Self::Spawned(runtime.spawn(handler));
        }
        Poll::Pending
    }
}

impl Future for Detached {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        if let Poll::Ready(answer) = self.start(cx) {
            *self = Self::Done;
            return Poll::Ready(answer);
        }
        let Self::Spawned(task) = &mut *self else { return Poll::Pending };
        let joined = ready!(Pin::new(task).poll(cx));
        *self = Self::Done;
        // Panics are caught inside: a task that did not finish went down with its runtime.
        Poll::Ready(joined.unwrap_or_else(|_| Err(gate::cut_off().into())))
    }
}
