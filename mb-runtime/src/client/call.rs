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
    Reply, Request, RequestDescriptor, Resolve, Violations,
};

use super::{Client, outgoing::Outgoing};

/// A call of a declared request. Await it for the reply.
///
/// A call made inside a handler inherits the trace and the deadline of the message being handled,
/// and nothing of its caller's identity. Dropping a call cancels it: the handler is dropped too,
/// unless the request is detached.
#[must_use = "a call is made when it is awaited"]
pub struct Call<'a, R: Request>(RawCall<'a, R::Error>);

/// A call whose reply is a [`Body`], and whose errors are read as `E`. Await it for the reply.
#[must_use = "a call is made when it is awaited"]
pub struct RawCall<'a, E = AnyError> {
    outgoing: Outgoing<'a>,
    running: Option<Calling>,
    _error: PhantomData<fn() -> E>,
}

impl<'a, E: Resolve> RawCall<'a, E> {
    #[inline]
    pub(super) fn new(client: &'a Client, request: Message) -> Self {
        Self { outgoing: Outgoing::new(client, request), running: None, _error: PhantomData }
    }

    /// One that is not sent, whatever becomes of it.
    #[cold]
    pub(super) fn refused(client: &'a Client, fault: Fault) -> Self {
        let running = Some(Calling::refused(fault));
        Self { outgoing: Outgoing::nothing(client), running, _error: PhantomData }
    }

    /// How long the call may take, instead of what the contract or else the client says. The
    /// deadline of the message being handled holds as well: the earlier counts. A server that has
    /// a `timeout` for the request in its contract waits no longer than that.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.outgoing.set_timeout(limit);
        self
    }

    /// What surrounds the call: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(mut self, context: impl Into<Context>) -> Self {
        self.outgoing.set_context(context.into());
        self
    }

    #[inline]
    fn poll_answer(&mut self, cx: &mut task::Context<'_>) -> Poll<Answer> {
        if !self.outgoing.is_sent() {
            self.outgoing.use_default_timeout();
            self.running = self.outgoing.send(|link, message| link.call(message))?;
        }
        // Polled again after its end, it stays pending, as any finished future may.
        let Some(calling) = &mut self.running else { return Poll::Pending };
        let answer = match Pin::new(calling).poll(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending => Err(ready!(self.outgoing.poll_late(cx)).into()),
        };
        // What is left of the call goes before its answer is seen.
        self.running = None;
        Poll::Ready(answer)
    }
}

impl<'a, R: Request> Call<'a, R> {
    pub(super) fn new(client: &'a Client, request: R) -> Self {
        match keeps_its_rules(&request) {
            Ok(()) => Self(RawCall::new(client, Message::request(request))),
            Err(fault) => Self(RawCall::refused(client, fault)),
        }
    }

    /// How long the call may take, instead of what the contract or else the client says. The
    /// deadline of the message being handled holds as well: the earlier counts. A server that has
    /// a `timeout` for the request in its contract waits no longer than that.
    pub fn timeout(self, limit: Duration) -> Self {
        Self(self.0.timeout(limit))
    }

    /// What surrounds the call: `.context(&cx)` for one caused by `cx`, or one made for it.
    pub fn context(self, context: impl Into<Context>) -> Self {
        Self(self.0.context(context))
    }
}

impl<E: Resolve> Future for RawCall<'_, E> {
    type Output = Reply<Body, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.poll_answer(cx).map(resolved)
    }
}

impl<R: Request> Future for Call<'_, R> {
    type Output = Reply<R::Reply, R::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.0.poll_answer(cx).map(|answer| typed::<R>(answer, self.0.outgoing.client()))
    }
}

/// An answer whose error the caller's contract has read.
pub(super) fn resolved<E: Resolve>(answer: Answer) -> Reply<Body, E> {
    answer.map_err(read_failure)
}

/// Whether a request may be sent, by the rules of its contract.
#[inline]
pub(super) fn keeps_its_rules<R: Request>(request: &R) -> Result<(), Fault> {
    match R::RULES {
        None => Ok(()),
        Some(rules) => rules(request).check_payload(R::DESCRIPTOR.full_name),
    }
}

/// An answer as the caller's contract has it.
#[inline]
pub(super) fn typed<R: Request>(answer: Answer, client: &Client) -> Reply<R::Reply, R::Error> {
    // Moved as seldom as can be: this is on the way of every reply.
    let reply = match answer {
        Ok(body) => body.decode().map_err(|error| misshapen(R::DESCRIPTOR, error).of_call().into()),
        Err(failure) => Err(read_failure(failure)),
    };
    match R::REPLY_RULES {
        Some(rules) if client.0.checks_replies => held::<R>(reply, rules),
        _ => reply,
    }
}

/// A reply, if it keeps the rules of its contract.
fn held<R: Request>(
    reply: Reply<R::Reply, R::Error>,
    rules: fn(&R::Reply) -> Violations,
) -> Reply<R::Reply, R::Error> {
    let reply = reply?;
    let what = || format!("the reply to {} breaks a rule of its contract", R::DESCRIPTOR.full_name);
    rules(&reply).check(FaultKind::ContractMismatch, what).map_err(Fault::of_call)?;
    Ok(reply)
}

fn read_failure<E: Resolve>(failure: Failure<AnyError>) -> Failure<E> {
    let failure = match failure {
        Failure::Declared(error) => E::resolve(error),
        Failure::Fault(fault) => Failure::Fault(fault),
    };
    match failure {
        Failure::Fault(fault) => Failure::Fault(fault.of_call()),
        declared => declared,
    }
}

fn misshapen(request: &RequestDescriptor, error: DecodeError) -> Fault {
    let what = format!("the reply to {} is not as declared", request.full_name);
    Violations::from(request.of_reply(error)).into_fault(FaultKind::ContractMismatch, &what)
}

impl<R: Request> fmt::Debug for Call<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> fmt::Debug for RawCall<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.outgoing.is_sent(), &self.running) {
            (false, _) => "Call(not sent)",
            (true, Some(_)) => "Call(running)",
            (true, None) => "Call(done)",
        })
    }
}
