//! A declared error on its way, whichever contract it belongs to: the typed value itself while it
//! stays in the process, its wire form once it has crossed.

use std::{any::Any, error::Error, fmt};

use serde_json::{Map, Value};

use crate::{Codec, DeclaredError, ErrorDescriptor, Failure, Fault, FaultKind, Status, WireError};

/// A declared error whose type only its contract knows.
///
/// [`resolve`](Self::resolve) turns it into what a caller's contract knows, or into a fault that
/// carries it whole.
pub struct AnyError(Repr);

enum Repr {
    Typed(Box<dyn Erased>),
    /// Boxed, as every answer is as wide as this.
    Wire(Box<WireError>),
}

impl AnyError {
    /// A typed error.
    pub fn new<E: DeclaredError>(error: E) -> Self {
        Self(Repr::Typed(Box::new(error)))
    }

    /// What travels.
    pub fn to_wire(&self) -> WireError {
        match &self.0 {
            Repr::Typed(error) => error.to_wire(),
            Repr::Wire(error) => (**error).clone(),
        }
    }

    /// What programs match on.
    pub fn code(&self) -> &str {
        match &self.0 {
            Repr::Typed(error) => error.descriptor().code,
            Repr::Wire(error) => &error.code,
        }
    }

    /// The HTTP-like status, where its sender says one.
    pub fn status(&self) -> Option<Status> {
        match &self.0 {
            Repr::Typed(error) => Some(error.descriptor().status),
            Repr::Wire(error) => error.status.map(Status::or_internal),
        }
    }

    /// Whether the same request may succeed when sent again.
    pub fn is_retryable(&self) -> bool {
        match &self.0 {
            Repr::Typed(error) => error.descriptor().retryable,
            Repr::Wire(error) => error.retryable.unwrap_or_default(),
        }
    }

    /// Reads the error as one of `E`. A code that `E` does not declare becomes a fault that
    /// carries code, status, message and details; so does a known one whose details do not fit,
    /// without them where something of them is sensitive.
    pub fn resolve<E: DeclaredError>(self) -> Failure<E> {
        let wire = match self.0 {
            Repr::Typed(error) => {
                let any: &dyn Any = &*error;
                if any.is::<E>() {
                    let any: Box<dyn Any> = error;
                    return Failure::Declared(*any.downcast().expect("the type was just compared"));
                }
                error.to_wire()
            }
            Repr::Wire(error) => *error,
        };
        let Some(variant) = E::VARIANTS.iter().find(|variant| variant.code == wire.code) else {
            return Failure::Fault(Fault::from_wire(wire));
        };
        let mut tagged = Map::new();
        tagged.insert(CODE.to_owned(), Value::from(wire.code.as_str()));
        if variant.has_details {
            let details = wire.details.clone().unwrap_or_else(|| Value::Object(Map::new()));
            tagged.insert(DETAILS.to_owned(), details);
        }
        match serde_json::from_value(Value::Object(tagged)) {
            Ok(error) => Failure::Declared(error),
            Err(reason) => {
                let reason = variant.of_details(reason.to_string());
                let reason = format!("the details of {} are not as declared: {reason}", wire.code);
                let details = if variant.sensitive.is_empty() {
                    wire
                } else {
                    WireError { details: None, ..wire }
                };
                let fault = Fault::new(FaultKind::ContractMismatch, reason);
                Failure::Fault(fault.with_details(details.into_value()))
            }
        }
    }
}

/// What the error of an answer can be read as: the errors a contract declares, or, for tools that
/// know no contract, [`AnyError`] itself. Nothing else can be.
pub trait Resolve: sealed::Sealed + Sized {
    /// Reads the error. See [`AnyError::resolve`].
    fn resolve(error: AnyError) -> Failure<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl<E: crate::DeclaredError> Sealed for E {}
    impl Sealed for super::AnyError {}
}

impl<E: DeclaredError> Resolve for E {
    fn resolve(error: AnyError) -> Failure<Self> {
        error.resolve()
    }
}

impl Resolve for AnyError {
    fn resolve(error: AnyError) -> Failure<Self> {
        match error.0 {
            // No contract may declare a fault's code.
            Repr::Wire(wire) if Fault::is_code(&wire.code) => {
                Failure::Fault(Fault::from_wire(*wire))
            }
            repr => Failure::Declared(Self(repr)),
        }
    }
}

impl From<WireError> for AnyError {
    fn from(error: WireError) -> Self {
        Self(Repr::Wire(Box::new(error)))
    }
}

impl fmt::Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Typed(error) => f.write_str(&error.to_wire().message),
            Repr::Wire(error) => f.write_str(&error.message),
        }
    }
}

impl Error for AnyError {}

impl fmt::Debug for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyError({})", self.code())
    }
}

/// The tag and the content under which generated error enums are written.
const CODE: &str = "code";
const DETAILS: &str = "details";

trait Erased: Any + Send + Sync {
    fn descriptor(&self) -> &'static ErrorDescriptor;
    fn to_wire(&self) -> WireError;
}

impl<E: DeclaredError> Erased for E {
    fn descriptor(&self) -> &'static ErrorDescriptor {
        DeclaredError::descriptor(self)
    }

    fn to_wire(&self) -> WireError {
        let descriptor = DeclaredError::descriptor(self);
        let details = Codec::JSON
            .encode(self)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok())
            .and_then(|mut tagged| tagged.remove(DETAILS));
        WireError {
            code: descriptor.code.to_owned(),
            message: self.to_string(),
            details,
            status: Some(descriptor.status.as_u16()),
            retryable: Some(descriptor.retryable),
        }
    }
}
