//! One handler at work: let in through the gate, inside its context, behind a net for panics,
//! until it is done, dropped or cut off. It is made, polled and dropped behind that net.

use std::{
    future::{Future, poll_fn},
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{self, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use mb_core::{Answer, AnyError, Body, Context, Failure, Fault, Reply, Request};
use pin_project_lite::pin_project;
use tokio::{runtime::Handle, time::Instant};

use super::{
    gate::{self, End},
    items::Items,
    net::Net,
    seal,
    station::{Held, Post},
    timed,
};
use crate::access::Audit;

/// One handler at work. Generated code owns it for as long as the handler runs, and lends it the
/// service and the context.
pub struct Run<S, R> {
    held: Held<S>,
    context: Context,
    _request: PhantomData<fn() -> R>,
}

impl<S, R: Request> Run<S, R> {
    #[inline]
    pub(super) fn new(held: Held<S>, context: Context) -> Self {
        Self { held, context, _request: PhantomData }
    }

    #[inline]
    fn post(&self) -> &Post<S> {
        self.held.post()
    }

    /// For a handler that outlives its caller: it has no deadline, and a runtime of its server's.
    pub(super) fn detached(self) -> (Self, Option<Handle>) {
        let runtime = self.post().gate.runtime().cloned();
        (Self { context: self.context.without_deadline(), ..self }, runtime)
    }

    /// For a handler that has a time limit of its own. It sees the earlier of its caller's deadline
    /// and its own; where that is its own, somebody has to keep it: the second part.
    pub(super) fn timed(self, limit: Duration) -> (Self, Option<timed::End>) {
        let Some(deadline) = Instant::now().checked_add(limit) else { return (self, None) };
        let callers = self.context.deadline();
        let end = callers.is_none_or(|callers| callers > deadline).then(|| {
            let runtime = self.post().gate.runtime().cloned();
            timed::End::new(deadline, runtime)
        });
        (Self { context: self.context.ending_by(deadline), ..self }, end)
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.post().audit
    }

    /// Runs a handler that answers once.
    #[inline]
    pub fn once<'a, C, F>(&'a self, start: C) -> Once<'a, S, R, C, F>
    where
        C: FnOnce(&'a S, &'a Context) -> F,
    {
        let handler = Net::empty();
        Once { run: self, start: Some(start), handler, end: End::default() }
    }

    /// Runs a handler that answers by a stream, and passes its items on. A stopping server does
    /// not wait for it: it ends then, when it is next polled.
    pub async fn many<'a, C, H>(&'a self, items: Items, start: C)
    where
        C: FnOnce(&'a S, &'a Context) -> H,
        H: Stream<Item = Reply<R::Reply, R::Error>>,
    {
        let post = self.post();
        let gate = &post.gate;
        let mut start = Some(start);
        let mut handler = pin!(Net::empty());
        let mut end = End::default();
        loop {
            let mut item = None;
            let ended = poll_fn(|cx| {
                // Inside while it works, and only then: a stop waits for the work, not for the
                // reader; and a stream that always has an item ends too.
                let _inside = match (!post.behind).then(|| gate.enter()).transpose() {
                    Ok(inside) => inside,
                    Err(fault) => return Poll::Ready(Err(fault)),
                };
                let polled = self.inside(|| {
                    let handler = self.handler(&mut start, handler.as_mut());
                    store(&mut item, handler.map_or(Poll::Pending, |h| h.poll_next(cx)))
                });
                if polled? {
                    return Poll::Ready(Ok(()));
                }
                end.poll(cx, gate.when_closing()).map(|()| Err(Fault::stopped()))
            });
            let item = match ended.await.map(|()| item.flatten()) {
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

    /// Does a part of the handler's work in its context. An error stands for a panic: after it the
    /// handler must not be polled again.
    #[inline]
    fn inside<T>(&self, work: impl FnOnce() -> T) -> Result<T, Fault> {
        catch_unwind(AssertUnwindSafe(|| self.context.enter(work)))
            .map_err(|panic| seal::panicked(R::DESCRIPTOR.full_name, panic))
    }

    /// The handler, made when it is first asked for.
    #[inline]
    fn handler<'a, 'b, C, H>(
        &'a self,
        start: &mut Option<C>,
        mut handler: Pin<&'b mut Net<H>>,
    ) -> Option<Pin<&'b mut H>>
    where
        C: FnOnce(&'a S, &'a Context) -> H,
    {
        if let Some(start) = start.take() {
            handler.as_mut().put(start(&self.post().service, &self.context));
        }
        handler.inner()
    }

    /// What of a reply may leave the server.
    fn answer(&self, reply: Reply<R::Reply, R::Error>) -> Answer {
        match reply {
            Ok(reply) => Ok(Body::new(reply)),
            Err(Failure::Declared(error)) => Err(Failure::Declared(AnyError::new(error))),
            Err(Failure::Fault(fault)) => {
                let fault = seal::seal(fault, R::DESCRIPTOR.full_name);
                // It does not leave yet where there is a chain.
                let behind = self.post().behind;
                Err(Failure::Fault(if behind { fault } else { fault.without_source() }))
            }
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
    pub struct Once<'a, S, R, C, F> {
        run: &'a Run<S, R>,
        start: Option<C>,
        #[pin]
        handler: Net<F>,
        end: End,
    }
}

impl<'a, S, R, C, F> Future for Once<'a, S, R, C, F>
where
    R: Request,
    C: FnOnce(&'a S, &'a Context) -> F,
    F: Future<Output = Reply<R::Reply, R::Error>>,
{
    type Output = Answer;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let mut this = self.project();
        let run = *this.run;
        let gate = &run.post().gate;
        if this.start.is_some() {
            run.held.begin()?;
        }
        let mut reply = None;
        // Asked first: after the server has stopped, no handler runs.
        let polled = if gate.is_cut() {
            Err(gate::cut_off())
        } else {
            run.inside(|| {
                let handler = run.handler(this.start, this.handler.as_mut());
                let done = store(&mut reply, handler.map_or(Poll::Pending, |h| h.poll(cx)));
                if done {
                    // Gone before its answer is seen, whatever becomes of this future.
                    this.handler.set(Net::empty());
                }
                done
            })
        };
        if let Ok(false) = polled {
            ready!(this.end.poll(cx, gate.when_cut()));
        }
        if reply.is_none() {
            run.context.enter(|| this.handler.set(Net::empty()));
        }
        Poll::Ready(match (polled, reply) {
            (Ok(_), Some(reply)) => run.answer(reply),
            (Ok(_), None) => Err(gate::cut_off().into()),
            (Err(fault), _) => Err(fault.into()),
        })
    }
}
