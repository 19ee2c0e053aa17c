//! What surrounds a message: who sent it, for whom, until when, as part of which trace.
//!
//! Everything is lazy. A context that nobody reads costs nothing: ids and timestamps are made when
//! they are first asked for, and every clone then sees the same ones. A receiver's context is a
//! view: what the sender wrote, plus what only the receiver knows, namely who the caller is.

mod actor;
mod announcing;
mod flow;
mod ids;
mod trace;
mod wire;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{Caller, Fault};
pub use actor::{Actor, Auth};
use ids::SharedId;
pub use trace::{Span, TraceparentError};
pub use wire::Travelling;

/// What surrounds a message. Cheap to make, cheap to clone; clones share what is made lazily.
pub struct Context {
    /// Who sent it, where this is a server's view of a message.
    caller: Option<Arc<Caller>>,
    /// Who is logged in on the connection that it came over, or whom the gateway there acts for.
    actor: Option<Arc<Actor>>,
    gateway: Option<Arc<Actor>>,
    deadline: Option<Instant>,
    written: OnceLock<Arc<Written>>,
}

/// What the sender wrote, or will turn out to have written: shared by both sides in one process.
#[derive(Default, Clone)]
struct Written {
    id: OnceLock<Box<str>>,
    timestamp: OnceLock<SystemTime>,
    source: Option<Box<str>>,
    target: Option<Box<str>>,
    auth: Option<Auth>,
    metadata: Map<String, Value>,
    trace: OnceLock<SharedId>,
    span: OnceLock<SharedId>,
    parent_span: Option<SharedId>,
}

impl Context {
    /// An empty context: the start of a conversation. Allocates nothing.
    #[inline]
    pub const fn new() -> Self {
        Self { caller: None, actor: None, gateway: None, deadline: None, written: OnceLock::new() }
    }

    /// The message's id: any string; a UUID v7 where the sender set none.
    pub fn id(&self) -> &str {
        self.written().id.get_or_init(ids::message)
    }

    /// When the message was made, or first asked.
    pub fn timestamp(&self) -> SystemTime {
        *self.written().timestamp.get_or_init(SystemTime::now)
    }

    /// Who sent it. On a server this is the id that the connection was made with, whatever the
    /// sender wrote. A client chooses that id: it is an address, not a proof of who it is.
    pub fn source(&self) -> Option<&str> {
        match self.caller() {
            Some(caller) => Some(caller.id()),
            None => self.written().source.as_deref(),
        }
    }

    /// Who should get it.
    pub fn target(&self) -> Option<&str> {
        self.written().target.as_deref()
    }

    /// The token that the sender acts with.
    pub fn token(&self) -> Option<&str> {
        self.written().auth.as_ref()?.token.as_deref()
    }

    /// One entry of what the two sides agreed to say beside the payload.
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.written().metadata.get(key)
    }

    /// The trace this message belongs to, as in W3C Trace Context: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        self.written().trace.get_or_init(SharedId::default).get_or_init(ids::trace)
    }

    /// The span of this message: 16 hexadecimal digits.
    pub fn span_id(&self) -> &str {
        self.written().span.get_or_init(SharedId::default).get_or_init(ids::span)
    }

    /// The span of the message that caused this one.
    pub fn parent_span_id(&self) -> Option<&str> {
        self.written().parent_span.as_ref().map(|span| span.get_or_init(ids::span))
    }

    /// When the answer is of no more use.
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time left until the deadline; zero when it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.deadline()?.saturating_duration_since(Instant::now()))
    }

    /// The client this message came from. `None` outside a server's handlers.
    #[inline]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_deref()
    }

    /// The client this message came from: see [`caller`](Self::caller).
    ///
    /// # Errors
    /// `UNAVAILABLE` outside a handler, where there is none.
    pub fn require_caller(&self) -> Result<&Caller, Fault> {
        self.caller().ok_or_else(|| {
            let reason = "this context belongs to no handler: use the one that a handler is given";
            Fault::unavailable(reason).with_retryable(false)
        })
    }

    /// Says who sends the message. A server says it of what it announces; of what it gets, it
    /// believes the connection.
    #[must_use]
    pub fn with_source(self, source: impl Into<String>) -> Self {
        self.write(|written| written.source = Some(source.into().into()))
    }

    /// Says who should get the message.
    #[must_use]
    pub fn with_target(self, target: impl Into<String>) -> Self {
        self.write(|written| written.target = Some(target.into().into()))
    }

    /// Says on whose behalf the message is sent.
    #[must_use]
    pub fn with_auth(self, auth: Auth) -> Self {
        self.write(|written| written.auth = Some(auth))
    }

    /// Adds one entry beside the payload.
    #[must_use]
    pub fn with_metadata(self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.write(|written| {
            written.metadata.insert(key.into(), value.into());
        })
    }

    /// Adds one entry beside the payload, in place: for middleware, whose message stays the one that
    /// its caller sent.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.write_in_place(|written| {
            written.metadata.insert(key.into(), value.into());
        });
    }

    /// Sets the message's id.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        self.write(|written| written.id = OnceLock::from(id.into().into_boxed_str()))
    }

    /// Makes the message part of a trace that began elsewhere.
    #[must_use]
    pub fn with_trace_id(self, trace_id: impl AsRef<str>) -> Self {
        self.write(|written| written.trace = OnceLock::from(SharedId::known(trace_id.as_ref())))
    }

    /// Sets when the answer is of no more use.
    #[must_use]
    pub fn with_deadline(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.outgoing() }
    }

    /// Sets when the answer is of no more use, and leaves a receiver's view one.
    #[doc(hidden)]
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(Arc::default)
    }

    fn write(self, write: impl FnOnce(&mut Written)) -> Self {
        // A server's view is not for sending: what is written is a message caused by it.
        let context = self.outgoing();
        let mut written = context.written.into_inner().unwrap_or_default();
        write(Arc::make_mut(&mut written));
        Self { deadline: context.deadline, written: written.into(), ..Self::new() }
    }

    /// Changes what was written, and leaves a receiver's view one.
    fn write_in_place(&mut self, write: impl FnOnce(&mut Written)) {
        // The id is the message's, whatever becomes of the rest.
        self.id();
        let mut written = std::mem::take(&mut self.written).into_inner().unwrap_or_default();
        write(Arc::make_mut(&mut written));
        self.written = written.into();
    }

    #[inline]
    fn is_view(&self) -> bool {
        self.caller().is_some()
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Context {
    fn clone(&self) -> Self {
        self.written();
        let Self { caller, actor, gateway, deadline, written } = self;
        Self {
            caller: caller.clone(),
            actor: actor.clone(),
            gateway: gateway.clone(),
            deadline: *deadline,
            written: written.clone(),
        }
    }
}

/// The context of a message caused by this one: see [`Context::child`].
impl From<&Context> for Context {
    fn from(cause: &Context) -> Self {
        cause.child()
    }
}

/// Shows what has been made or set, and makes nothing. Tokens stay hidden.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Context");
        if let Some(written) = self.written.get() {
            if let Some(id) = written.id.get() {
                out.field("id", id);
            }
            if let Some(trace) = written.trace.get().and_then(SharedId::get) {
                out.field("trace_id", &trace);
            }
        }
        if let Some(caller) = self.caller() {
            out.field("caller", &caller.id());
        }
        if let Some(remaining) = self.remaining() {
            out.field("remaining", &remaining);
        }
        out.finish_non_exhaustive()
    }
}
