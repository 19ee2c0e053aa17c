//! A call: its options, then the future of its reply. Nothing is sent before it is polled, and
//! dropping it cancels it.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll, ready},
    time::Duration,
};

use mb_core::{
    Answer, AnyError, Body, Calling, Context, DecodeError, Failure, Fault, FaultKind, Message,
    Reply, Request, RequestDescriptor, Resolve,
};

use super::{
    Client,
    outgoing::{Outgoing, Sent},
};

/// A call of a declared request. Await it for the reply.
///
/// A call made inside a handler inherits the trace and the deadline of the message being handled,
/// and nothing of its caller's identity. Dropping a call cancels it: the handler is dropped too,
/// unless the request is detached.
#[must_use = "a call is made when it is awaited"]
pub struct Call<R: Request>(RawCall<R::Error>);

/// A call whose reply is a [`Body`], and whose errors are read as `E`. Await it for the reply.
#[must_use = "a call is made when it is awaited"]
pub struct RawCall<E = AnyError>(State, PhantomData<fn() -> E>);

enum State {
    Waiting(Box<Outgoing>),
    Running(Calling, Sent),
    Done,
}

impl<E: Resolve> RawCall<E> {
    pub(super) fn new(client: Client, request: Message) -> Self {
        Self(State::Waiting(Box::new(Outgoing::new(client, request))), PhantomData)
    }

    /// How long the call may take. The client's own limit, and the deadline of the message being
    /// handled, hold as well: the earliest counts.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.0.change(|outgoing| outgoing.set_timeout(limit));
        self
    }

    /// What surrounds the call: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.0.change(|outgoing| outgoing.set_context(context.into()));
        self
    }
}

impl<R: Request> Call<R> {
    pub(super) fn new(client: Client, request: R) -> Self {
        Self(RawCall::new(client, Message::request(request)))
    }

    /// How long the call may take. The client's own limit, and the deadline of the message being
    /// handled, hold as well: the earliest counts.
    pub fn timeout(self, limit: Duration) -> Self {
        Self(self.0.timeout(limit))
    }

    /// What surrounds the call: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(self, context: impl Into<Context>) -> Self {
        Self(self.0.context(context))
    }
}

impl State {
    fn change(&mut self, change: impl FnOnce(&mut Outgoing)) {
        if let Self::Waiting(outgoing) = self {
            change(outgoing);
        }
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Answer> {
        if matches!(self, Self::Waiting(_))
            && let Self::Waiting(outgoing) = std::mem::replace(self, Self::Done)
        {
            let (connected, message, sent) = outgoing.or_default_timeout().start()?;
            *self = Self::Running(connected.link.call(message), sent);
        }
        let Self::Running(calling, sent) = self else { return Poll::Pending };
        let answer = match Pin::new(calling).poll(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending => Err(ready!(sent.poll_late(cx)).into()),
        };
        // What is left of the call goes before its answer is seen.
        *self = Self::Done;
        Poll::Ready(answer)
    }
}

impl<E: Resolve> Future for RawCall<E> {
    type Output = Reply<Body, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(resolved)
    }
}

impl<R: Request> Future for Call<R> {
    type Output = Reply<R::Reply, R::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(typed::<R>)
    }
}

/// An answer whose error the caller's contract has read.
pub(super) fn resolved<E: Resolve>(answer: Answer) -> Reply<Body, E> {
    answer.map_err(|failure| match failure {
        Failure::Declared(error) => E::resolve(error),
        Failure::Fault(fault) => Failure::Fault(fault),
    })
}

/// A reply as the caller's contract has it.
pub(super) fn typed<R: Request>(reply: Reply<Body, R::Error>) -> Reply<R::Reply, R::Error> {
    reply?.decode().map_err(|error| misshapen(R::DESCRIPTOR, &error).into())
}

fn misshapen(request: &RequestDescriptor, error: &DecodeError) -> Fault {
    Fault::new(
        FaultKind::ContractMismatch,
        format!("the reply to {} is not as declared: {error}", request.full_name),
    )
    .with_details(serde_json::json!({ "path": error.path, "reason": error.reason }))
}

impl<R: Request> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> fmt::Debug for RawCall<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Waiting(_) => "Call(not sent)",
            State::Running(..) => "Call(running)",
            State::Done => "Call(done)",
        })
    }
}
