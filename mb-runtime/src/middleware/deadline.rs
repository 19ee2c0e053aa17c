//! A limit for messages that have none, and an end for those that do not keep to theirs.

use std::{
    future::Future,
    pin::Pin,
    task::{self, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use futures_core::Stream;
use mb_core::{Answer, Fault, FaultKind, Message, Name, Request, Streaming};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::{Handled, Middleware, Next, Outcome};

/// Gives every message a deadline: what its sender has said, or this much time where that is less.
/// What a handler calls has the same deadline, here and on other machines. A message that is not
/// done by then fails with `TIMEOUT`, and what it was doing is dropped; a stream ends with
/// it, when it is next read: one that nobody reads does no work, and is let go with its connection.
///
/// Outermost on a server, it is the longest that anybody can keep a handler busy; on a client, the
/// longest that any call can take, retries included, where it is outside of
/// [those](crate::middleware).
#[derive(Debug, Clone)]
#[must_use = "it does nothing until a server or a client is given it"]
pub struct Deadline {
    limit: Duration,
    /// By full name.
    of: Vec<(&'static str, Duration)>,
}

impl Deadline {
    /// A limit for every message.
    pub fn new(limit: Duration) -> Self {
        Self { limit, of: Vec::new() }
    }

    /// Another limit for one request. What the contract says of it (`timeout = ".."`) holds as well.
    pub fn for_request<R: Request>(mut self, limit: Duration) -> Self {
        self.of.push((R::DESCRIPTOR.full_name, limit));
        self
    }

    fn limit(&self, name: &str) -> Duration {
        let own = self.of.iter().rfind(|(whose, _)| *whose == name);
        own.map_or(self.limit, |(_, limit)| *limit)
    }
}

#[async_trait]
impl Middleware for Deadline {
    async fn handle(&self, mut message: Message, next: Next) -> Handled {
        let name = message.name().clone();
        let limit = Instant::now().checked_add(self.limit(name.as_str()));
        let context = message.context_mut();
        let Some(deadline) = [limit, context.deadline()].into_iter().flatten().min() else {
            return next.run(message).await;
        };
        context.set_deadline(deadline);
        match timeout_at(deadline, next.run(message)).await {
            Ok(Ok(Outcome::Stream(items))) => {
                let items =
                    Items { items: Some(items), ends: Box::pin(sleep_until(deadline)), name };
                Ok(Outcome::Stream(Box::pin(items)))
            }
            Ok(handled) => handled,
            Err(_) => Err(late(&name).into()),
        }
    }
}

fn late(name: &Name) -> Fault {
    Fault::new(
        FaultKind::Timeout,
        format!("{name} took longer than the server's `Deadline`, or its caller, allows it"),
    )
}

/// Items until the deadline.
struct Items {
    /// Until their end.
    items: Option<Streaming>,
    ends: Pin<Box<Sleep>>,
    name: Name,
}

impl Stream for Items {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let Self { items, ends, name } = &mut *self;
        let Some(stream) = items else { return Poll::Ready(None) };
        // Asked first: a stream that always has an item ends as well.
        let item = match ends.as_mut().poll(cx) {
            Poll::Ready(()) => Some(Err(late(name).into())),
            Poll::Pending => ready!(stream.as_mut().poll_next(cx)),
        };
        if !matches!(item, Some(Ok(_))) {
            *items = None;
        }
        Poll::Ready(item)
    }
}
