//! Everything that can go wrong with a message and that its contract does not declare.
//!
//! The codes are those of the wire format; a program matches on [`FaultKind`], a person reads the
//! message, a log line shows the code.

mod kind;
mod wire;

use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

use serde_json::Value;

use crate::Status;
pub use kind::FaultKind;

type Source = Arc<dyn Error + Send + Sync>;

/// What went wrong, where the contract declares no error for it.
///
/// One pointer wide, and cheap to clone.
#[derive(Clone)]
pub struct Fault(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: FaultKind,
    code: Cow<'static, str>,
    status: Status,
    message: Cow<'static, str>,
    retryable: bool,
    details: Option<Value>,
    retry_after: Option<Duration>,
    source: Option<Source>,
    /// Whether a call has failed with it, so that it says nothing about whoever made the call.
    from_call: bool,
    /// Whether the request was on its way when the connection was lost.
    interrupted: bool,
    /// Whether the log has it, under the id in its details.
    logged: bool,
}

impl Fault {
    /// A fault with the code, status and retryability of its kind. Only a peer can send a code that is
    /// [`Undeclared`](FaultKind::Undeclared): here that is [`Internal`](FaultKind::Internal).
    pub fn new(kind: FaultKind, message: impl Into<Cow<'static, str>>) -> Self {
        let kind = if kind == FaultKind::Undeclared { FaultKind::Internal } else { kind };
        Self(Box::new(Inner {
            kind,
            code: Cow::Borrowed(kind.code()),
            status: kind.status(),
            message: message.into(),
            retryable: kind.is_retryable(),
            details: None,
            retry_after: None,
            source: None,
            from_call: false,
            interrupted: false,
            logged: false,
        }))
    }

    /// Turns any error into an internal fault: `.map_err(Fault::internal)?`.
    ///
    /// Its text and sources go to the server's log; the caller sees `INTERNAL_SERVER_ERROR` and an
    /// id to look it up by.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = error.into();
        let mut fault = Self::new(FaultKind::Internal, source.to_string());
        fault.0.source = Some(Arc::from(source));
        fault
    }

    /// A fault that says the other side cannot be reached or takes no calls now.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultKind::Unavailable, message)
    }

    /// `UNAVAILABLE`, for something that was started where there is no tokio runtime to run it. Trying
    /// again there does not help.
    #[doc(hidden)]
    pub fn no_runtime(what: &str) -> Self {
        Self::unavailable(format!("{what} needs a tokio runtime: do it inside of one"))
            .with_retryable(false)
    }

    /// `UNAVAILABLE`, for whatever comes to a server after its end.
    #[doc(hidden)]
    pub fn stopped() -> Self {
        Self::unavailable("the server has stopped, or is stopping")
    }

    /// `TIMEOUT`, for a request that was not answered before its deadline.
    #[doc(hidden)]
    pub fn late(name: impl fmt::Display) -> Self {
        let reason = format!(
            "{name} was not answered in time, and may have run: see what its handler waits for, or \
             allow it more by a `timeout`"
        );
        Self::new(FaultKind::Timeout, reason)
    }

    /// Adds data for programs. It travels to the caller.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Says whether the same request may succeed when sent again.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Adds the cause. It stays on this side.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// What travels as `code`: the kind's, or the unknown one of an undeclared error.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The HTTP-like status.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// What a person reads.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same request may succeed when sent again. Before sending one again that is not
    /// idempotent, ask [`may_have_run`](Self::may_have_run) too.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the handler may have run, in part or to its end, though no answer came: the
    /// connection was lost with the request on its way, time ran out, the call was given up.
    /// Sending a request again that is not idempotent may then do things twice.
    pub fn may_have_run(&self) -> bool {
        self.0.interrupted || matches!(self.0.kind, FaultKind::Timeout | FaultKind::Cancelled)
    }

    /// `UNAVAILABLE`, for a request that was on its way when the connection was lost: retryable,
    /// and it [may have run](Self::may_have_run).
    pub fn interrupted(reason: impl Into<Cow<'static, str>>) -> Self {
        let mut fault = Self::unavailable(reason);
        fault.0.interrupted = true;
        fault
    }

    /// Data for programs, if the fault has any.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// Whether this is the code of a kind of fault, which no contract may declare.
    pub(crate) fn is_code(code: &str) -> bool {
        FaultKind::from_code(code) != FaultKind::Undeclared
    }

    /// What a caller is told of an internal fault that the log has under this id.
    #[doc(hidden)]
    pub fn logged_as(id: &str) -> Self {
        let message = format!("internal error, logged by the server as {id}");
        let mut fault = Self::new(FaultKind::Internal, message);
        fault.0.details = Some(serde_json::json!({ "id": id }));
        fault.0.logged = true;
        fault
    }

    /// Whether the log has it: it says no more than where.
    #[doc(hidden)]
    pub fn is_logged(&self) -> bool {
        self.0.logged
    }

    /// The id under which the server's log has this internal fault.
    pub fn id(&self) -> Option<&str> {
        let named = self.0.details.as_ref().filter(|_| self.0.kind == FaultKind::Internal)?;
        named.get("id")?.as_str()
    }

    /// Says how long to wait before the same request may succeed. It travels in milliseconds, rounded
    /// up, beside the details: where those are no object, it stays on this side.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let millis = wait.as_micros().div_ceil(1000).try_into().unwrap_or(u64::MAX);
        self.0.retry_after = Some(Duration::from_millis(millis));
        self
    }

    /// How long to wait before the same request may succeed, if the fault says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Notes that a call has failed with this fault.
    #[must_use]
    pub fn of_call(mut self) -> Self {
        self.0.from_call = true;
        self
    }

    /// Whether a call has failed with this fault. A handler that passes it on with `?` does not
    /// say it of itself: its caller sees only that another service was unavailable or slow, or an
    /// internal error.
    pub fn is_of_call(&self) -> bool {
        self.0.from_call
    }

    /// This fault without its source: what may leave the process.
    #[must_use]
    pub fn without_source(mut self) -> Self {
        self.0.source = None;
        self
    }
}

/// Faults are equal when everything that travels is equal. Sources do not count, nor whose call it was.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        (a.kind, &a.code, a.status, &a.message, a.retryable)
            == (b.kind, &b.code, b.status, &b.message, b.retryable)
            && (&a.details, a.retry_after, a.interrupted)
                == (&b.details, b.retry_after, b.interrupted)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("status", &self.0.status)
            .field("message", &self.0.message)
            .field("retryable", &self.0.retryable)
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
