//! One direction of a conversation. Whoever holds a [`Link`] can call, stream from and publish to
//! the other side.
//!
//! The trait is symmetric: a server hands each client a link into its dispatcher, a client hands
//! its server a link into its subscriptions. In memory the two sides hold each other's links
//! directly; over a network a session stands in for the far one. A link is boxed once per
//! connection, never per message, and never shows up as a type parameter.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use futures_core::{Stream, future::BoxFuture, stream::BoxStream};

use crate::{
    AnyError, Body, Consuming, Context, Durable, EndReason, Fault, FaultKind, Handling, Message,
    Name, Reply,
};

/// What comes back from a request: a body, a declared error of some contract, or a fault.
pub type Answer = Reply<Body, AnyError>;

/// A streamed reply under way: items until the end, or until one failure, which is the last.
/// Dropping it cancels the request.
pub type Streaming = BoxStream<'static, Answer>;

/// The way to the other side.
///
/// Implementers owe: no method blocks or panics; after [`close`](Self::close), calls and streams
/// answer `UNAVAILABLE` and events are refused with it, at once.
pub trait Link: Send + Sync + 'static {
    /// Sends a request that is answered once. Nothing may happen before the future is polled or
    /// after it is dropped, except that a detached request, once started, runs to its end.
    fn call(&self, request: Message) -> Calling;

    /// Sends a request that is answered by a stream. Items are fetched as the stream is polled.
    fn stream(&self, request: Message) -> Streaming;

    /// Serves a request as it was found in a frame: by a name that may be full or bare, from a sender
    /// who does not say whether it is answered once or by a stream.
    fn answer(&self, name: &str, context: Context, body: Body) -> Answering {
        Answering::Once(self.call(Message::new(Name::text(name), context, body)))
    }

    /// Hands an event over. Never blocks: a reader that asked publishers to wait for it answers
    /// [`Published::Waiting`].
    fn publish(&self, event: &Arc<Message>) -> Published;

    /// Asks for events by full name. A side that nobody subscribed on sends every event.
    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>>;

    /// Takes a subscription back. Unknown ids are ignored.
    fn unsubscribe(&self, subscription: SubscriptionId);

    /// Reads events that are kept for a reader of this name. Refused where nothing keeps them.
    fn consume(
        &self,
        _durable: Durable,
        _handling: Handling,
    ) -> BoxFuture<'static, Result<Consuming, Fault>> {
        let reason = "this transport keeps no events: subscribing durably needs one that does, \
                      such as nats";
        Box::pin(std::future::ready(Err(Fault::new(FaultKind::ValidationFailed, reason))))
    }

    /// Says that this side is leaving, and why. Idempotent.
    fn close(&self, reason: EndReason);

    /// Whether its calls and streams end by themselves, with `TIMEOUT`, at the deadline of their
    /// context. Where not, whoever calls keeps a timer of their own.
    fn keeps_deadlines(&self) -> bool {
        false
    }

    /// Whether the connection behind it may be lost, so that its client has to look after it: makes
    /// another when this link's inbound side is closed.
    fn may_be_lost(&self) -> bool {
        false
    }

    /// Whether the other side hears what is announced to everybody from somewhere else: see
    /// [`Host::announce_over`](crate::Host::announce_over).
    fn hears_bus(&self) -> bool {
        false
    }

    /// Whether whoever is behind it has to log in in time, where a server takes logins: see
    /// [`Limits::login`](crate::Limits::login). Asked when a server accepts them, on a tokio runtime.
    fn must_log_in(&self) -> bool {
        false
    }

    /// Whether a client is behind it, which takes one of a server's `max_clients`, and whose coming and
    /// going is told. Where not, it stands for nobody in particular, and whoever makes it bounds how many
    /// there are.
    fn is_a_client(&self) -> bool {
        true
    }

    /// Notes that the network has dropped something on its way to this side: its subscriptions have
    /// a gap.
    fn missed(&self) {}

    /// Notes what the other side said of itself when it registered.
    fn met(&self, _other: &Introduction) {}
}

/// A request that is being served.
pub enum Answering {
    /// By one answer.
    Once(Calling),
    /// By a stream.
    Many(Streaming),
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Once(_) => "Once(..)",
            Self::Many(_) => "Many(..)",
        })
    }
}

/// What one side of a connection said of itself, as far as it matters to the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Introduction {
    /// Whether it knows what contracts are: it is then spoken to by full names.
    pub knows_contracts: bool,
    /// The largest frame it takes, in bytes.
    pub max_message: Option<usize>,
}

/// A subscription as the publishing side knows it: any text, unique within a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub Arc<str>);

/// What became of a published event.
#[must_use = "a waiting event is not delivered until its future is awaited"]
pub enum Published {
    /// Every reader has it, or has counted it as dropped.
    Accepted,
    /// Some readers ask the publisher to wait: the future is done when they have it, or says why
    /// one of them does not. Bounded by the time those readers allow.
    Waiting(BoxFuture<'static, Result<(), Fault>>),
    /// The other side does not take it.
    Refused(Fault),
}

impl Published {
    /// Waits for the readers that ask for it.
    pub async fn done(self) -> Result<(), Fault> {
        match self {
            Self::Accepted => Ok(()),
            Self::Waiting(rest) => rest.await,
            Self::Refused(fault) => Err(fault),
        }
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("Accepted"),
            Self::Waiting(_) => f.write_str("Waiting"),
            Self::Refused(fault) => f.debug_tuple("Refused").field(fault).finish(),
        }
    }
}

/// A call under way. Dropping it cancels the call.
pub struct Calling(BoxFuture<'static, Answer>);

impl Calling {
    /// A call that is answered already.
    pub fn answered(answer: Answer) -> Self {
        Self(Box::pin(Answered(Some(answer))))
    }

    /// A call that is refused.
    #[cold]
    pub fn refused(fault: Fault) -> Self {
        Self::answered(Err(fault.into()))
    }
}

/// A streamed reply that is refused: the fault is all there is of it.
#[cold]
pub fn refused_stream(fault: Fault) -> Streaming {
    Box::pin(Answered(Some(Err(fault.into()))))
}

/// One answer. As a future that is polled again after it was done, it stays pending, as any may.
struct Answered(Option<Answer>);

impl Future for Answered {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Answer> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Stream for Answered {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        Poll::Ready(self.0.take())
    }
}

impl From<BoxFuture<'static, Answer>> for Calling {
    #[inline]
    fn from(answer: BoxFuture<'static, Answer>) -> Self {
        Self(answer)
    }
}

impl Future for Calling {
    type Output = Answer;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Calling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calling").finish_non_exhaustive()
    }
}
