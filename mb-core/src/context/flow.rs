//! How context passes from one message to the next: from sender to receiver, and from a message
//! to those it causes. Traces and deadlines flow; identity does not.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
};

use tokio::time::Instant;

use super::{Context, Written, ids::SharedId};
use crate::{Actor, Caller, Fault, FaultKind};

scoped_tls::scoped_thread_local! {
    /// The message that this thread is handling now, lent while its handler is polled.
    static CURRENT: Context
}

impl Context {
    /// The context of a message caused by this one: same trace, this span as its parent, what is
    /// left of the deadline. It inherits neither metadata nor identity: a gateway, which may act for
    /// somebody, says so with [`act_for`](Self::act_for).
    #[must_use]
    pub fn child(&self) -> Self {
        let written = self.written();
        let child = Written {
            trace: written.trace.get_or_init(SharedId::default).clone().into(),
            parent_span: Some(written.span.get_or_init(SharedId::default).clone()),
            ..Written::default()
        };
        Self { deadline: self.deadline, written: Arc::new(child).into(), ..Self::new() }
    }

    /// The context of the message that this task is handling now, if it is handling one.
    ///
    /// A task spawned by a handler handles nothing: pass it a clone of the context.
    pub fn current() -> Option<Self> {
        CURRENT.is_set().then(|| CURRENT.with(Self::clone))
    }

    /// The context of an event caused by this message: an event is of use whoever has stopped
    /// waiting for an answer.
    #[doc(hidden)]
    #[must_use]
    pub fn child_event(&self) -> Self {
        self.child().without_deadline()
    }

    /// This context without a deadline.
    #[must_use]
    pub fn without_deadline(self) -> Self {
        Self { deadline: None, ..self }
    }

    /// This context with the earlier of two deadlines. Still a view where it is one.
    #[doc(hidden)]
    #[must_use]
    pub fn ending_by(self, deadline: Instant) -> Self {
        let earlier = self.deadline.map_or(deadline, |own| own.min(deadline));
        Self { deadline: Some(earlier), ..self }
    }

    /// The deadline of the message that this task is handling, if it has one.
    #[doc(hidden)]
    pub fn current_deadline() -> Option<Instant> {
        if CURRENT.is_set() { CURRENT.with(Self::deadline) } else { None }
    }

    /// The context of a new event: caused by the message this task is handling, or empty.
    #[doc(hidden)]
    pub fn for_event() -> Self {
        if CURRENT.is_set() { CURRENT.with(Self::child_event) } else { Self::new() }
    }

    /// The context of a new message, if this task is handling one: its child.
    #[doc(hidden)]
    #[inline]
    pub fn inherited() -> Option<Self> {
        CURRENT.is_set().then(|| CURRENT.with(Self::child))
    }

    /// Runs `future` as the handling of this message: calls made in it inherit this context.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.enter(|| future.as_mut().poll(cx))).await
    }

    /// Does `work` as part of the handling of this message. See [`scope`](Self::scope).
    #[doc(hidden)]
    #[inline]
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.set(self, work)
    }

    /// This context as something to send: a server's view becomes a child of itself.
    #[must_use]
    #[doc(hidden)]
    #[inline]
    pub fn outgoing(self) -> Self {
        if self.is_view() { self.child() } else { self }
    }

    /// Who is acting: see [`actor`](Self::actor).
    ///
    /// # Errors
    /// `AUTHENTICATION_REQUIRED` where nobody is logged in.
    pub fn require_actor(&self) -> Result<&Actor, Fault> {
        let reason = "nobody is logged in on this connection: log in first";
        self.actor().ok_or_else(|| Fault::new(FaultKind::AuthenticationRequired, reason))
    }

    /// Turns what `caller` sent into a server's view of it. An actor that the caller wrote into it is
    /// not believed, nor one that somebody else's view of another message had.
    #[doc(hidden)]
    #[inline]
    pub fn receive(&mut self, caller: Arc<Caller>) {
        self.caller = Some(caller);
        self.actor = None;
        self.gateway = None;
    }

    /// Takes another's place, and stays the receiver's view that the other was: who the caller is does
    /// not change by that.
    pub(crate) fn replace(&mut self, other: &mut Self) {
        if other.is_view() {
            self.caller = other.caller.take();
            self.actor = other.actor.take();
            self.gateway = other.gateway.take();
        }
    }

    /// A server's view, with who its own login says is acting, and the gateway that says for whom.
    #[doc(hidden)]
    pub fn act(&mut self, actor: Option<Arc<Actor>>, gateway: Option<Arc<Actor>>) {
        self.actor = actor;
        self.gateway = gateway;
    }
}
