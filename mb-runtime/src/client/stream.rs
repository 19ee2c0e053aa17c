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
use mb_core::{
    Answer, AnyError, Body, Context, Fault, Message, Reply, Request, Resolve, Streaming,
    refused_stream,
};

use super::{
    Client,
    call::{keeps_its_rules, resolved, typed},
    outgoing::Outgoing,
};

/// A streamed reply: a [`Stream`] of items. A failure is its last item.
///
/// The handler goes on only as fast as items are taken.
#[must_use = "nothing is sent before the stream is polled"]
pub struct StreamCall<'a, R: Request>(RawStream<'a, R::Error>);

/// A streamed reply whose items are [bodies](Body), and whose errors are read as `E`.
#[must_use = "nothing is sent before the stream is polled"]
pub struct RawStream<'a, E = AnyError> {
    outgoing: Outgoing<'a>,
    running: Option<Streaming>,
    _error: PhantomData<fn() -> E>,
}

impl<'a, E: Resolve> RawStream<'a, E> {
    pub(super) fn new(client: &'a Client, request: Message) -> Self {
        Self { outgoing: Outgoing::new(client, request), running: None, _error: PhantomData }
    }

    /// One that is not sent, whatever becomes of it.
    #[cold]
    pub(super) fn refused(client: &'a Client, fault: Fault) -> Self {
        let running = Some(refused_stream(fault));
        Self { outgoing: Outgoing::nothing(client), running, _error: PhantomData }
    }

    /// How long the whole stream may take. There is no limit unless one is set, or the message
    /// being handled has a deadline.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.outgoing.set_timeout(limit);
        self
    }

    /// What surrounds the request: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.outgoing.set_context(context.into());
        self
    }

    fn poll_answer(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        if !self.outgoing.is_sent() {
            self.running = self.outgoing.send(|link, message| link.stream(message))?;
        }
        let Some(stream) = &mut self.running else { return Poll::Ready(None) };
        let item = match self.outgoing.is_late() {
            Some(late) => Poll::Ready(Some(Err(late.into()))),
            None => stream.as_mut().poll_next(cx),
        };
        let item = match item {
            Poll::Ready(item) => item,
            Poll::Pending => Some(Err(ready!(self.outgoing.poll_late(cx)).into())),
        };
        if !matches!(item, Some(Ok(_))) {
            self.running = None;
        }
        Poll::Ready(item)
    }

    /// The next item, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Reply<Body, E>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<'a, R: Request> StreamCall<'a, R> {
    pub(super) fn new(client: &'a Client, request: R) -> Self {
        match keeps_its_rules(&request) {
            Ok(()) => Self(RawStream::new(client, Message::request(request))),
            Err(fault) => Self(RawStream::refused(client, fault)),
        }
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

impl<E: Resolve> Stream for RawStream<'_, E> {
    type Item = Reply<Body, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_answer(cx).map(|item| item.map(resolved))
    }
}

impl<R: Request> Stream for StreamCall<'_, R> {
    type Item = Reply<R::Reply, R::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.0.poll_answer(cx));
        Poll::Ready(item.map(|item| typed::<R>(item, self.0.outgoing.client())))
    }
}

impl<R: Request> fmt::Debug for StreamCall<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> fmt::Debug for RawStream<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.outgoing.is_sent(), &self.running) {
            (false, _) => "Stream(not sent)",
            (true, Some(_)) => "Stream(running)",
            (true, None) => "Stream(done)",
        })
    }
}
