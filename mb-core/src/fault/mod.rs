//! Everything that can go wrong with a message and that its contract does not declare.
//!
//! The codes are those of the wire format; a program matches on [`FaultKind`], a person reads the
//! message, a log line shows the code.

use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::{Status, WireError};

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
    source: Option<Source>,
    /// Whether a call has failed with it, so that it says nothing about whoever made the call.
    from_call: bool,
    /// Whether the request was on its way when the connection was lost.
    interrupted: bool,
    /// Whether the log has it, under the id in its details.
    logged: bool,
}

/// The kinds of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Nobody serves a request of this name. `UNKNOWN_REQUEST_TYPE`, 404.
    UnknownRequest,
    /// The payload is not of the declared shape, or breaks a rule of its contract; see
    /// [`Fault::violations`]. `VALIDATION_FAILED`, 400.
    ValidationFailed,
    /// The caller must log in first. `AUTHENTICATION_REQUIRED`, 401.
    AuthenticationRequired,
    /// The caller's token is not valid, or no longer. `INVALID_TOKEN`, 401.
    InvalidToken,
    /// The caller may not do this. `FORBIDDEN`, 403.
    Forbidden,
    /// The caller asks too often. `RATE_LIMIT_EXCEEDED`, 429, retryable.
    RateLimitExceeded,
    /// No answer in time; the handler may have run. `TIMEOUT`, 504.
    Timeout,
    /// The call was given up; the handler may have run in part. `CANCELLED`, 499.
    Cancelled,
    /// The other side cannot be reached or takes no calls now. `UNAVAILABLE`, 503. The handler has
    /// not run, unless [`Fault::may_have_run`] says that it may.
    Unavailable,
    /// The message is larger than the other side takes. `PAYLOAD_TOO_LARGE`, 413.
    PayloadTooLarge,
    /// The two sides do not speak the same contract. `CONTRACT_MISMATCH`, 400.
    ContractMismatch,
    /// The handler failed in a way that is nobody else's business. `INTERNAL_SERVER_ERROR`, 500.
    Internal,
    /// A code that this side's contract does not know, carried whole.
    Undeclared,
}

impl FaultKind {
    /// Every kind that has a code of its own: no contract may declare an error of that code.
    pub const CODED: [Self; 12] = [
        Self::UnknownRequest,
        Self::ValidationFailed,
        Self::AuthenticationRequired,
        Self::InvalidToken,
        Self::Forbidden,
        Self::RateLimitExceeded,
        Self::Timeout,
        Self::Cancelled,
        Self::Unavailable,
        Self::PayloadTooLarge,
        Self::ContractMismatch,
        Self::Internal,
    ];

    /// The code on the wire; empty for [`Undeclared`](Self::Undeclared), whose faults carry their own.
    pub const fn code(self) -> &'static str {
        self.facts().0
    }

    /// The status that a fault of this kind has unless its sender said another.
    pub const fn status(self) -> Status {
        Status::clamped(self.facts().1)
    }

    const fn facts(self) -> (&'static str, u16) {
        match self {
            Self::UnknownRequest => ("UNKNOWN_REQUEST_TYPE", 404),
            Self::ValidationFailed => ("VALIDATION_FAILED", 400),
            Self::AuthenticationRequired => ("AUTHENTICATION_REQUIRED", 401),
            Self::InvalidToken => ("INVALID_TOKEN", 401),
            Self::Forbidden => ("FORBIDDEN", 403),
            Self::RateLimitExceeded => ("RATE_LIMIT_EXCEEDED", 429),
            Self::Timeout => ("TIMEOUT", 504),
            Self::Cancelled => ("CANCELLED", 499),
            Self::Unavailable => ("UNAVAILABLE", 503),
            Self::PayloadTooLarge => ("PAYLOAD_TOO_LARGE", 413),
            Self::ContractMismatch => ("CONTRACT_MISMATCH", 400),
            Self::Internal => ("INTERNAL_SERVER_ERROR", 500),
            Self::Undeclared => ("", 500),
        }
    }

    fn of_code(code: &str) -> Self {
        Self::CODED.into_iter().find(|kind| kind.code() == code).unwrap_or(Self::Undeclared)
    }

    const fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::RateLimitExceeded)
    }
}

/// In the details of a fault that says no more: the handler may have run.
const MAY_HAVE_RUN: &str = "mayHaveRun";

/// In the details of a fault: how many milliseconds to wait.
const RETRY_AFTER: &str = "retryAfterMs";

impl Fault {
    /// A fault with the code, status and retryability of its kind.
    pub fn new(kind: FaultKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: Cow::Borrowed(kind.code()),
            status: kind.status(),
            message: message.into(),
            retryable: kind.is_retryable(),
            details: None,
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

    /// What a peer sent as `error`, whose code no contract of ours declares.
    pub fn from_wire(error: WireError) -> Self {
        let kind = FaultKind::of_code(&error.code);
        let told = error.details.as_ref().and_then(|details| details.get(MAY_HAVE_RUN));
        let interrupted = told.and_then(Value::as_bool).unwrap_or_default();
        Self(Box::new(Inner {
            kind,
            code: Cow::Owned(error.code),
            status: error.status.map_or(kind.status(), Status::clamped),
            message: Cow::Owned(error.message),
            retryable: error.retryable.unwrap_or(kind.is_retryable()),
            details: error.details,
            source: None,
            from_call: false,
            interrupted,
            logged: false,
        }))
    }

    /// Whether this is the code of a kind of fault, which no contract may declare.
    pub(crate) fn is_code(code: &str) -> bool {
        FaultKind::of_code(code) != FaultKind::Undeclared
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

    /// Says how long to wait before the same request may succeed. It travels in the details, in
    /// milliseconds, rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let millis = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        let details = self.0.details.get_or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(details) = details {
            details.insert(RETRY_AFTER.to_owned(), millis.into());
        }
        self
    }

    /// How long to wait before the same request may succeed, if the fault says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let millis = self.0.details.as_ref()?.get(RETRY_AFTER)?.as_u64()?;
        Some(Duration::from_millis(millis))
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

    /// What of this fault travels: everything but its source.
    pub fn to_wire(&self) -> WireError {
        let may_have_run = self.0.interrupted.then(|| serde_json::json!({ MAY_HAVE_RUN: true }));
        WireError {
            code: self.0.code.clone().into_owned(),
            message: self.0.message.clone().into_owned(),
            details: self.0.details.clone().or(may_have_run),
            status: Some(self.0.status.as_u16()),
            retryable: Some(self.0.retryable),
        }
    }

    /// This fault without its source: what may leave the process.
    #[must_use]
    pub fn without_source(mut self) -> Self {
        self.0.source = None;
        self
    }
}

/// Faults are equal when everything that travels is equal; sources do not count.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        (a.kind, &a.code, a.status, &a.message, a.retryable, &a.details)
            == (b.kind, &b.code, b.status, &b.message, b.retryable, &b.details)
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
