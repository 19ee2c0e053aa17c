//! One handler at work: let in through the gate, inside its context, behind a net for panics,
//! until it is done, dropped or cut off.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{self, Poll, ready},
};

use futures_util::{Stream, StreamExt};
use mb_core::{
    Answer, AnyError, Body, Context, DeclaredError, Failure, Fault, Payload, Reply,
    RequestDescriptor,
};
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
pub struct Run<S> {
    request: &'static RequestDescriptor,
    station: Arc<Station<S>>,
    context: Context,
}

impl<S> Run<S> {
    pub(super) fn new(
        request: &'static RequestDescriptor,
        station: Arc<Station<S>>,
        context: Context,
    ) -> Self {
        Self { request, station, context }
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
    pub fn once<F>(&self, handler: F) -> Once<'_, S, F> {
        Once { run: self, inside: None, end: End::default(), handler }
    }

    /// Runs a handler that answers by a stream, and passes its items on.
    pub async fn many<T, E>(&self, items: Items, handler: impl Stream<Item = Reply<T, E>>)
    where
        T: Payload,
        E: DeclaredError,
    {
        let gate = &self.station.gate;
        let _inside = match gate.enter() {
            Ok(inside) => inside,
            Err(fault) => return items.put(Err(fault.into())).await,
        };
        let mut handler = pin!(handler);
        let mut end = End::default();
        loop {
            // Asked first: a stream that always has an item must end too.
            let item = if gate.is_closed() {
                Err(gate::stopped())
            } else {
                let mut item = None;
                poll_fn(|cx| {
                    let when = gate.when_closing();
                    self.poll(cx, &mut end, when, |cx| {
                        store(&mut item, handler.poll_next_unpin(cx))
                    })
                })
                .await
                .map(|()| item.flatten())
            };
            let item = match item {
                Ok(Some(reply)) => self.answer(reply),
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

    /// Polls the handler in its context: `poll` says whether it is ready. After an error it must
    /// not be polled again.
    #[inline]
    fn poll(
        &self,
        cx: &mut task::Context<'_>,
        end: &mut End,
        when: &CancellationToken,
        poll: impl FnOnce(&mut task::Context<'_>) -> bool,
    ) -> Poll<Result<(), Fault>> {
        match catch_unwind(AssertUnwindSafe(|| self.context.enter(|| poll(cx)))) {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => end.poll(cx, when).map(Err),
            Err(panic) => Poll::Ready(Err(seal::panicked(self.request, &*panic))),
        }
    }

    /// What of a reply may leave the server.
    fn answer<T: Payload, E: DeclaredError>(&self, reply: Reply<T, E>) -> Answer {
        match reply {
            Ok(reply) => Ok(Body::new(reply)),
            Err(Failure::Declared(error)) => Err(Failure::Declared(AnyError::new(error))),
            Err(Failure::Fault(fault)) => Err(Failure::Fault(seal::seal(fault, self.request))),
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
    pub struct Once<'a, S, F> {
        run: &'a Run<S>,
        inside: Option<Inside<'a>>,
        end: End,
        #[pin]
        handler: F,
    }
}

impl<S, T, E, F> Future for Once<'_, S, F>
where
    T: Payload,
    E: DeclaredError,
    F: Future<Output = Reply<T, E>>,
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
        let mut reply = None;
        let handler = this.handler;
        let polled =
            run.poll(cx, this.end, gate.when_cut(), |cx| store(&mut reply, handler.poll(cx)));
        ready!(polled)?;
        // Outside from here on, whatever the caller does with the future.
        *this.inside = None;
        match reply {
            Some(reply) => Poll::Ready(run.answer(reply)),
            None => Poll::Pending,
        }
    }
}

/// Waits for the moment from which on a handler is polled no more. Made when the handler is first
/// pending: most never are.
#[derive(Default)]
struct End(Option<Pin<Box<WaitForCancellationFutureOwned>>>);

impl End {
    fn poll(&mut self, cx: &mut task::Context<'_>, when: &CancellationToken) -> Poll<Fault> {
        let waiting = self.0.get_or_insert_with(|| Box::pin(when.clone().cancelled_owned()));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(gate::stopped())
    }
}
