//! A streamed reply on the caller's side. Nothing is sent before it is polled, and dropping it
//! cancels it.

use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use mb_core::{Answer, AnyError, Body, Context, Message, Reply, Request, Resolve, Streaming};

use super::{
    Client,
    call::{resolved, typed},
    outgoing::{Outgoing, Sent},
};

/// A streamed reply: a [`Stream`] of items. A failure is its last item.
///
/// The handler goes on only as fast as items are taken.
#[must_use = "nothing is sent before the stream is polled"]
pub struct StreamCall<R: Request>(RawStream<R::Error>);

/// A streamed reply whose items are [bodies](Body), and whose errors are read as `E`.
#[must_use = "nothing is sent before the stream is polled"]
pub struct RawStream<E = AnyError>(State, PhantomData<fn() -> E>);

enum State {
    Waiting(Box<Outgoing>),
    Running(Streaming, Sent),
    Done,
}

impl<E: Resolve> RawStream<E> {
    pub(super) fn new(client: Client, request: Message) -> Self {
        Self(State::Waiting(Box::new(Outgoing::new(client, request))), PhantomData)
    }

    /// How long the whole stream may take. There is no limit unless one is set, or the message
    /// being handled has a deadline.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.0.change(|outgoing| outgoing.set_timeout(limit));
        self
    }

    /// What surrounds the request: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.0.change(|outgoing| outgoing.set_context(context.into()));
        self
    }

    /// The next item, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Reply<Body, E>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<R: Request> StreamCall<R> {
    pub(super) fn new(client: Client, request: R) -> Self {
        Self(RawStream::new(client, Message::request(request)))
    }

    /// How long the whole stream may take. There is no limit unless one is set, or the message
    /// being handled has a deadline.
    pub fn timeout(self, limit: Duration) -> Self {
        Self(self.0.timeout(limit))
    }

    /// What surrounds the request: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(self, context: impl Into<Context>) -> Self {
        Self(self.0.context(context))
    }

    /// The next item, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Reply<R::Reply, R::Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl State {
    fn change(&mut self, change: impl FnOnce(&mut Outgoing)) {
        if let Self::Waiting(outgoing) = self {
            change(outgoing);
        }
    }

    fn poll_next(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        if matches!(self, Self::Waiting(_))
            && let Self::Waiting(outgoing) = std::mem::replace(self, Self::Done)
        {
            let (connected, message, sent) = outgoing.start()?;
            *self = Self::Running(connected.link.stream(message), sent);
        }
        let Self::Running(stream, sent) = self else { return Poll::Ready(None) };
        let item = match stream.as_mut().poll_next(cx) {
            Poll::Ready(item) => item,
            Poll::Pending => Some(Err(ready!(sent.poll_late(cx)).into())),
        };
        if !matches!(item, Some(Ok(_))) {
            *self = Self::Done;
        }
        Poll::Ready(item)
    }
}

impl<E: Resolve> Stream for RawStream<E> {
    type Item = Reply<Body, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx).map(|item| item.map(resolved))
    }
}

impl<R: Request> Stream for StreamCall<R> {
    type Item = Reply<R::Reply, R::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| item.map(typed::<R>))
    }
}

impl<R: Request> fmt::Debug for StreamCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> fmt::Debug for RawStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Waiting(_) => "Stream(not sent)",
            State::Running(..) => "Stream(running)",
            State::Done => "Stream(done)",
        })
    }
}
