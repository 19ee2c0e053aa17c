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
pub(super) enum Detached {
    Inline(BoxFuture<'static, Answer>),
    Spawned(JoinHandle<Answer>),
    Done,
}

impl Detached {
    pub(super) fn calling(handler: BoxFuture<'static, Answer>) -> Calling {
        let detached: BoxFuture<'static, Answer> = Box::pin(Self::Inline(handler));
        detached.into()
    }

    fn start(&mut self, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let Self::Inline(handler) = self else { return Poll::Pending };
        let Ok(runtime) = Handle::try_current() else {
            let reason = "a detached request needs a tokio runtime to outlive its caller in";
            return Poll::Ready(Err(Fault::unavailable(reason).into()));
        };
        if let Poll::Ready(answer) = handler.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if let Self::Inline(handler) = std::mem::replace(self, Self::Done) {
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
