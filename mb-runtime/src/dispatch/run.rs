//! One handler at work: let in through the gate, inside its context, behind a net for panics,
//! until it is done, dropped or cut off.

use std::{
    future::{Future, poll_fn},
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{self, Poll, ready},
};

use futures_core::Stream;
use mb_core::{Answer, AnyError, Body, Context, Failure, Fault, Reply, Request};
use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    gate::{self, Gate, Inside},
    items::Items,
    seal,
};

/// A service, and the gate in front of it.
pub(super) struct Station<S> {
    pub(super) service: S,
    pub(super) gate: Arc<Gate>,
}

/// One handler at work. Generated code owns it for as long as the handler runs, and lends it the
/// service and the context.
pub struct Run<S, R> {
    station: Arc<Station<S>>,
    context: Context,
    _request: PhantomData<fn() -> R>,
}

impl<S, R: Request> Run<S, R> {
    pub(super) fn new(station: Arc<Station<S>>, context: Context) -> Self {
        Self { station, context, _request: PhantomData }
    }

    /// The service whose handler this is.
    pub fn service(&self) -> &S {
        &self.station.service
    }

    /// What surrounds the request.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs a handler that answers once.
    #[inline]
    pub fn once<F>(&self, handler: F) -> Once<'_, S, R, F> {
        Once { run: self, inside: None, end: End::default(), handler }
    }

    /// Runs a handler that answers by a stream, and passes its items on. A stopping server does
    /// not wait for it: it ends then, when it is next polled.
    pub async fn many(&self, items: Items, handler: impl Stream<Item = Reply<R::Reply, R::Error>>) {
        let gate = &self.station.gate;
        let mut handler = pin!(handler);
        let mut end = End::default();
        loop {
            let mut item = None;
            let ended = poll_fn(|cx| {
                // Asked first: a stream that always has an item must end too.
                if gate.is_closed() {
                    return Poll::Ready(Err(gate::stopped()));
                }
                let polled =
                    self.poll(cx, |cx| store(&mut item, handler.as_mut().poll_next(cx)))?;
                if polled.is_pending() {
                    end.poll(cx, gate.when_closing()).map(|()| Err(gate::stopped()))
                } else {
                    Poll::Ready(Ok(()))
                }
            });
            let item = match ended.await.map(|()| item.flatten()) {
                Ok(Some(reply)) => Self::answer(reply),
                Ok(None) => return,
                Err(fault) => Err(fault.into()),
            };
            let last = item.is_err();
            items.put(item).await;
            if last {
                return;
            }
        }
    }

    /// Polls the handler in its context: `poll` says whether it is ready. After an error, which
    /// stands for a panic, it must not be polled again.
    #[inline]
    fn poll(
        &self,
        cx: &mut task::Context<'_>,
        poll: impl FnOnce(&mut task::Context<'_>) -> bool,
    ) -> Result<Poll<()>, Fault> {
        match catch_unwind(AssertUnwindSafe(|| self.context.enter(|| poll(cx)))) {
            Ok(true) => Ok(Poll::Ready(())),
            Ok(false) => Ok(Poll::Pending),
            Err(panic) => Err(seal::panicked(R::DESCRIPTOR, &*panic)),
        }
    }

    /// What of a reply may leave the server.
    fn answer(reply: Reply<R::Reply, R::Error>) -> Answer {
        match reply {
            Ok(reply) => Ok(Body::new(reply)),
            Err(Failure::Declared(error)) => Err(Failure::Declared(AnyError::new(error))),
            Err(Failure::Fault(fault)) => Err(Failure::Fault(seal::seal(fault, R::DESCRIPTOR))),
        }
    }
}

/// Keeps what is ready in its place: the fewer times a reply is moved, the better.
#[inline]
fn store<T>(place: &mut Option<T>, polled: Poll<T>) -> bool {
    match polled {
        Poll::Ready(value) => {
            *place = Some(value);
            true
        }
        Poll::Pending => false,
    }
}

pin_project! {
    /// A handler that answers once, at work. A future written by hand: an `async fn` would hold the
    /// handler's twice.
    pub struct Once<'a, S, R, F> {
        run: &'a Run<S, R>,
        inside: Option<Inside<'a>>,
        end: End,
        #[pin]
        handler: F,
    }
}

impl<S, R, F> Future for Once<'_, S, R, F>
where
    R: Request,
    F: Future<Output = Reply<R::Reply, R::Error>>,
{
    type Output = Answer;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let this = self.project();
        let run = *this.run;
        let gate = &run.station.gate;
        if this.inside.is_none() {
            *this.inside = Some(gate.enter()?);
        }
        // Asked first: after the server has stopped, no handler runs.
        if gate.is_cut() {
            *this.inside = None;
            return Poll::Ready(Err(gate::cut_off().into()));
        }
        let mut reply = None;
        let handler = this.handler;
        let polled = run.poll(cx, |cx| store(&mut reply, handler.poll(cx)));
        if let Ok(Poll::Pending) = polled {
            ready!(this.end.poll(cx, gate.when_cut()));
            *this.inside = None;
            return Poll::Ready(Err(gate::cut_off().into()));
        }
        // Outside from here on, whatever the caller does with the future.
        *this.inside = None;
        Poll::Ready(match (polled, reply) {
            (Ok(_), Some(reply)) => Run::<S, R>::answer(reply),
            (Ok(_), None) => Err(gate::cut_off().into()),
            (Err(fault), _) => Err(fault.into()),
        })
    }
}

/// Waits for the moment from which on a handler is polled no more. Made when the handler is first
/// pending: most never are.
#[derive(Default)]
struct End(Option<Pin<Box<WaitForCancellationFutureOwned>>>);

impl End {
    fn poll(&mut self, cx: &mut task::Context<'_>, when: &CancellationToken) -> Poll<()> {
        let waiting = self.0.get_or_insert_with(|| Box::pin(when.clone().cancelled_owned()));
        waiting.as_mut().poll(cx)
    }
}
