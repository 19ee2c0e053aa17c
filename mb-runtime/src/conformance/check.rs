//! How a case says what it expected and what came.

use std::{fmt, fmt::Debug, panic::Location};

use mb_core::{AnyError, Body, Failure, Fault, FaultKind, Reply};

/// Why a case did not come to its good end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The transport has said that it does not owe this, for this reason.
    NotOwed(&'static str),
    /// Something else came than was expected.
    Broken(String),
}

pub(super) type Outcome<T = ()> = Result<T, Stop>;

/// How much of a value is worth reading.
const LONGEST: usize = 600;

impl Stop {
    #[track_caller]
    fn broken(text: impl fmt::Display) -> Self {
        let at = Location::caller();
        Self::Broken(format!("{text} [{}:{}]", at.file(), at.line()))
    }
}

/// What should have worked did not.
impl<E: std::error::Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::broken(format_args!("it should have worked: {error}"))
    }
}

/// Stops a case that this transport does not owe.
pub(super) fn owed(owed: bool, why_not: &'static str) -> Outcome {
    if owed { Ok(()) } else { Err(Stop::NotOwed(why_not)) }
}

/// Two values are the same.
#[track_caller]
pub(super) fn same<T, U>(what: &str, came: T, expected: U) -> Outcome
where
    T: Debug + PartialEq<U>,
    U: Debug,
{
    if came == expected {
        return Ok(());
    }
    let (came, expected) = (shown(&came), shown(&expected));
    Err(Stop::broken(format_args!("{what}: expected {expected}, came {came}")))
}

/// A claim holds.
#[track_caller]
pub(super) fn holds(claim: impl fmt::Display, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(Stop::broken(format_args!("this does not hold: {claim}"))) }
}

/// There is something.
#[track_caller]
pub(super) fn there<T>(what: &str, value: Option<T>) -> Outcome<T> {
    value.ok_or_else(|| Stop::broken(format_args!("{what}: expected one, came none")))
}

/// A reply is a fault of this kind.
#[track_caller]
pub(super) fn fault<T: Debug, E: Debug>(kind: FaultKind, reply: Reply<T, E>) -> Outcome<Fault> {
    match reply {
        Err(Failure::Fault(fault)) if fault.kind() == kind => Ok(fault),
        other => Err(Stop::broken(format_args!("expected a {kind:?}, came {}", shown(&other)))),
    }
}

/// A result is a fault of this kind.
#[track_caller]
pub(super) fn refused<T: Debug>(kind: FaultKind, result: Result<T, Fault>) -> Outcome<Fault> {
    fault(kind, result.map_err(Failure::<mb_core::Never>::Fault))
}

/// A call has a reply, whatever it is.
#[track_caller]
pub(super) fn answered(reply: Reply<Body, AnyError>) -> Outcome<Body> {
    reply.map_err(|failure| Stop::broken(format_args!("expected a reply, came {failure}")))
}

fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}.. ({} bytes)", text.get(..end).unwrap_or(""), text.len()),
        None => text,
    }
}
