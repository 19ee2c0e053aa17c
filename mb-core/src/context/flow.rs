//! How context passes from one message to the next: from sender to receiver, and from a message
//! to those it causes. Traces and deadlines flow; identity does not.

use std::{future::Future, sync::Arc};

use super::{Auth, Context, Inner, SpanCell, TraceCell};
use crate::Caller;

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    /// The context of a message caused by this one: same trace, this span as its parent, what is
    /// left of the deadline. It inherits neither metadata nor identity: to act for the same
    /// caller, say so with [`with_auth`](Self::with_auth).
    #[must_use]
    pub fn child(&self) -> Self {
        let written = self.written();
        let child = Inner {
            trace: written.trace.get_or_init(TraceCell::default).clone().into(),
            parent_span: Some(written.span.get_or_init(SpanCell::default).clone()),
            deadline: self.deadline(),
            ..Inner::default()
        };
        Self(Arc::new(child).into())
    }

    /// The context of the message that this task is handling now, if it is handling one.
    ///
    /// A task spawned by a handler handles nothing: pass it a clone of the context.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// The context of a new message: a child of the one being handled, or empty.
    pub fn inherited() -> Self {
        CURRENT.try_with(Self::child).unwrap_or_default()
    }

    /// Runs `future` as the handling of this message: calls made in it inherit this context.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Runs `work` as part of the handling of this message. See [`scope`](Self::scope).
    pub fn sync_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// This context as something to send: a receiver's view becomes a child of itself.
    #[must_use]
    pub fn outgoing(self) -> Self {
        if self.is_view() { self.child() } else { self }
    }

    /// A server's view of a context that `caller` sent. An actor that the caller wrote into it is
    /// not believed.
    #[must_use]
    pub fn received(sent: Self, caller: Arc<Caller>) -> Self {
        let sent = sent.0.into_inner();
        let mut view = Inner { caller: Some(caller), ..Inner::default() };
        if let Some(sent) = sent {
            view.deadline = sent.deadline;
            view.auth = sent.auth.as_ref().and_then(|auth| {
                let token = Some(auth.token.clone()?);
                Some(Box::new(Auth { token, actor: None }))
            });
            view.sent = Some(sent);
        }
        Self(Arc::new(view).into())
    }
}
