//! The way of a message through a chain, to what is behind it.

use std::{fmt, sync::Arc};

use futures_util::StreamExt;
use mb_core::{AnyError, Calling, Failure, Message, Published, Resolve, Streaming};

use super::{Chain, Handled, Kind, Outcome};

/// What is behind the last middleware: a handler, a link, the readers of an event.
pub(crate) trait End: Send + Sync + 'static {
    fn pass(&self, message: Message) -> Passing;
}

/// A message that has left the chain.
pub(crate) enum Passing {
    Once(Calling),
    Many(Streaming),
    Event(Published),
}

/// A chain, and what is behind it. Made once, not per message, where that can be.
pub(crate) struct Way {
    kind: Kind,
    chain: Chain,
    end: Box<dyn End>,
}

impl Way {
    pub(crate) fn new(kind: Kind, chain: Chain, end: impl End) -> Arc<Self> {
        Arc::new(Self { kind, chain, end: Box::new(end) })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Sends a message along the whole of it.
    pub(crate) async fn run(self: Arc<Self>, message: Message) -> Handled {
        Next { way: self, passed: 0 }.run(message).await
    }
}

/// The rest of a message's way, from one middleware on.
///
/// Nothing of it happens unless it is [run](Self::run). To run it again, clone it, and keep a
/// [copy](Message::copy) of the message.
#[derive(Clone)]
#[must_use = "the message goes on when this is run"]
pub struct Next {
    way: Arc<Way>,
    /// How many middlewares are behind it.
    passed: usize,
}

impl Next {
    /// Passes a message on, and answers with what became of it. Dropping the future gives the
    /// message up, as dropping a call does.
    ///
    /// # Errors
    /// What the rest of the chain, the handler or the connection has failed with.
    pub async fn run(self, message: Message) -> Handled {
        let Self { way, passed } = self;
        if let Some(middleware) = way.chain.get(passed) {
            let next = Self { way: Arc::clone(&way), passed: passed + 1 };
            return middleware.handle(message, next).await;
        }
        match way.end.pass(message) {
            Passing::Once(calling) => calling.await.map(Outcome::Reply).map_err(read),
            Passing::Many(items) if way.kind == Kind::Client => {
                Ok(Outcome::Stream(items.map(|item| item.map_err(read)).boxed()))
            }
            Passing::Many(items) => Ok(Outcome::Stream(items)),
            Passing::Event(published) => {
                published.done().await?;
                Ok(Outcome::Accepted)
            }
        }
    }

    /// Where the message is: being sent or served, being announced or received.
    pub fn kind(&self) -> Kind {
        self.way.kind()
    }
}

/// A fault that a server has answered with looks like any error of its contract until somebody reads
/// its code. Middleware is the first to look.
fn read(failure: Failure<AnyError>) -> Failure<AnyError> {
    match failure {
        Failure::Declared(error) => Resolve::resolve(error),
        fault @ Failure::Fault(_) => fault,
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("kind", &self.way.kind).finish_non_exhaustive()
    }
}
