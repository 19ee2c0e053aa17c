//! A handler with a time limit of its own: `#[request(timeout = "5s")]`. Its server ends it, whatever
//! its caller said, or did not say.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{self, Poll},
};

use futures_core::future::BoxFuture;
use mb_core::{Answer, Calling, Fault, RequestDescriptor};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

/// When a handler has to be done. The timer is made when the handler is first pending: one that is
/// done at once needs none.
pub(super) struct End {
    deadline: Instant,
    /// The server's; without one, the caller's has to do.
    runtime: Option<Handle>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl End {
    pub(super) fn new(deadline: Instant, runtime: Option<Handle>) -> Self {
        Self { deadline, runtime, timer: None }
    }

    fn poll(&mut self, request: &RequestDescriptor, cx: &mut task::Context<'_>) -> Poll<Fault> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            none => {
                let Some(runtime) = self.runtime.take().or_else(|| Handle::try_current().ok())
                else {
                    return Poll::Ready(Fault::no_runtime("a request with a time limit"));
                };
                let _on_it = runtime.enter();
                none.insert(Box::pin(sleep_until(self.deadline)))
            }
        };
        // As the caller itself says it, whichever of the two is first.
        timer.as_mut().poll(cx).map(|()| Fault::late(request.full_name))
    }
}

/// Runs a handler until its end. Without one its caller keeps the time: it has less.
pub(super) fn calling(
    handler: BoxFuture<'static, Answer>,
    end: Option<End>,
    request: &'static RequestDescriptor,
) -> Calling {
    let Some(mut end) = end else { return handler.into() };
    let mut handler = Some(handler);
    let timed: BoxFuture<'static, Answer> = Box::pin(poll_fn(move |cx| {
        // Polled again after its end, it stays pending, as any finished future may.
        let Some(running) = &mut handler else { return Poll::Pending };
        let answer = match running.as_mut().poll(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending => match end.poll(request, cx) {
                Poll::Ready(fault) => Err(fault.into()),
                Poll::Pending => return Poll::Pending,
            },
        };
        // The handler is gone before its answer is seen.
        handler = None;
        Poll::Ready(answer)
    }));
    timed.into()
}
