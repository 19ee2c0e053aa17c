//! The way of a message through a chain, to what is behind it.

use std::{fmt, future::Future, sync::Arc};

use mb_core::{Calling, Message, Published, Streaming};

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
    pub(crate) fn run(
        self: Arc<Self>,
        message: Message,
    ) -> impl Future<Output = Handled> + Send + 'static {
        Next { way: self, passed: 0 }.run(message)
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
    #[allow(clippy::manual_async_fn, reason = "an `async fn` would hold the message twice")]
    pub fn run(self, message: Message) -> impl Future<Output = Handled> + Send + 'static {
        async move {
            if let Some(middleware) = self.way.chain.get(self.passed) {
                let next = Self { way: Arc::clone(&self.way), passed: self.passed + 1 };
                return middleware.handle(message, next).await;
            }
            match self.way.end.pass(message) {
                Passing::Once(calling) => calling.await.map(Outcome::Reply),
                Passing::Many(items) => Ok(Outcome::Stream(items)),
                Passing::Event(published) => {
                    published.done().await?;
                    Ok(Outcome::Accepted)
                }
            }
        }
    }

    /// Where the message is: being sent or served, being announced or received.
    pub fn kind(&self) -> Kind {
        self.way.kind()
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("kind", &self.way.kind).finish_non_exhaustive()
    }
}
