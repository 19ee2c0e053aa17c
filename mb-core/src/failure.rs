//! How a request is answered: its reply, one of its declared errors, or a fault.

use std::{error::Error, fmt};

use serde::{Deserialize, Serialize};

use crate::{AnyError, DeclaredError, ErrorDescriptor, Fault, Status};

/// What a request answers: its reply, or why there is none.
///
/// The same type on both sides: a handler returns it, a caller receives it.
pub type Reply<T, E = Never> = Result<T, Failure<E>>;

/// Why a request has no reply.
///
/// A handler makes one with `?` or `.into()` from a declared error or a [`Fault`].
#[derive(Debug, Clone, PartialEq)]
pub enum Failure<E = Never> {
    /// What the contract promised.
    Declared(E),
    /// Everything else: see [`Fault::kind`](crate::Fault::kind).
    Fault(Fault),
}

/// The errors of a request that declares none. It has no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl Error for Never {}

impl DeclaredError for Never {
    const VARIANTS: &'static [ErrorDescriptor] = &[];

    fn descriptor(&self) -> &'static ErrorDescriptor {
        match *self {}
    }
}

impl<E: DeclaredError> Failure<E> {
    /// What programs match on: the declared error's code, or the fault's.
    pub fn code(&self) -> &str {
        match self {
            Self::Declared(error) => error.descriptor().code,
            Self::Fault(fault) => fault.code(),
        }
    }

    /// The HTTP-like status.
    pub fn status(&self) -> Status {
        match self {
            Self::Declared(error) => error.descriptor().status,
            Self::Fault(fault) => fault.status(),
        }
    }

    /// Whether the same request may succeed when sent again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Declared(error) => error.descriptor().retryable,
            Self::Fault(fault) => fault.is_retryable(),
        }
    }

    /// Gives up the declared error: it becomes an internal fault, a fault stays what it is.
    ///
    /// For a handler that calls another service and declares none of that service's errors:
    /// `products.reserve(id).await.map_err(Failure::into_fault)?`.
    pub fn into_fault(self) -> Fault {
        match self {
            Self::Declared(error) => Fault::internal(error),
            Self::Fault(fault) => fault,
        }
    }

    /// Translates the declared error, say of a service called into one of one's own.
    pub fn map_declared<F>(self, translate: impl FnOnce(E) -> F) -> Failure<F> {
        match self {
            Self::Declared(error) => Failure::Declared(translate(error)),
            Self::Fault(fault) => Failure::Fault(fault),
        }
    }
}

impl<E: DeclaredError> From<E> for Failure<E> {
    fn from(error: E) -> Self {
        Self::Declared(error)
    }
}

/// What a tool or a middleware sees, which knows no contract.
impl Failure<AnyError> {
    /// What programs match on: the declared error's code, or the fault's.
    pub fn code(&self) -> &str {
        match self {
            Self::Declared(error) => error.code(),
            Self::Fault(fault) => fault.code(),
        }
    }

    /// Whether the same request may succeed when sent again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Declared(error) => error.is_retryable(),
            Self::Fault(fault) => fault.is_retryable(),
        }
    }
}

impl<E> From<Fault> for Failure<E> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Declared(error) => error.source(),
            Self::Fault(fault) => fault.source(),
        }
    }
}
