//! What kinds of fault there are: each with its code on the wire, its status, and whether trying again
//! may help.

use crate::Status;

/// The kinds of [`Fault`](crate::Fault).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Nobody serves a request of this name. `UNKNOWN_REQUEST_TYPE`, 404.
    UnknownRequest,
    /// The payload is not of the declared shape, or breaks a rule of its contract; see
    /// [`Fault::violations`](crate::Fault::violations). `VALIDATION_FAILED`, 400.
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
    /// not run, unless [`Fault::may_have_run`](crate::Fault::may_have_run) says that it may.
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
    pub const CODED: &'static [Self] = &[
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
        Status::or_internal(self.facts().1)
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

    pub(super) fn from_code(code: &str) -> Self {
        Self::CODED.iter().copied().find(|kind| kind.code() == code).unwrap_or(Self::Undeclared)
    }

    pub(super) const fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::RateLimitExceeded)
    }
}
