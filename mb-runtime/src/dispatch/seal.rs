//! What of a failure stays on the server: the text and the sources of internal faults go to the
//! log, the caller gets an id to look them up by.

use std::{
    any::Any,
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mb_core::{Fault, FaultKind};
use uuid::Uuid;

use crate::panics::panic_text;

/// The fault as its caller may see it, but for its source, which middleware may look at. An internal
/// one is logged and replaced. So is one that the handler got from a call of its own: what another
/// service says of this one is not what this one says of its caller.
pub(crate) fn seal(fault: Fault, name: &str) -> Fault {
    match fault.kind() {
        _ if fault.is_logged() => fault,
        FaultKind::Timeout if fault.is_of_call() => {
            Fault::new(FaultKind::Timeout, "a call that this one needs was not answered in time")
        }
        // The handler may have done things before: not to be repeated without thought.
        FaultKind::Unavailable if fault.is_of_call() => {
            Fault::unavailable("a service that this call needs is unavailable")
                .with_retryable(false)
        }
        kind if kind == FaultKind::Internal || fault.is_of_call() => {
            let text = if fault.is_of_call() {
                format!("a call failed: {fault}")
            } else {
                fault.message().to_owned()
            };
            internal(name, &text, fault.source()).with_source(fault)
        }
        _ => fault,
    }
}

/// The fault that stands for a panic. Its text is logged.
pub(crate) fn panicked(name: &str, panic: Box<dyn Any + Send>) -> Fault {
    let text = format!("panicked: {}", panic_text(&*panic));
    discard(panic);
    internal(name, &text, None)
}

/// What was thrown may itself throw when it is dropped.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        // Enough is enough: this one is leaked.
        std::mem::forget(another);
    }
}

/// A handler panicked as it was dropped: nobody is there to be told but the log.
pub(super) fn dropped_badly(panic: Box<dyn Any + Send>) {
    tracing::error!(error = panic_text(&*panic), "a handler panicked while it was dropped");
    discard(panic);
}

fn internal(name: &str, message: &str, source: Option<&(dyn Error + 'static)>) -> Fault {
    let id = Uuid::now_v7().to_string();
    report(name, &id, message, source);
    Fault::logged_as(&id)
}

/// Logs what a handler failed with, its whole chain of causes included.
pub(crate) fn report(name: &str, id: &str, message: &str, source: Option<&(dyn Error + 'static)>) {
    let text = catch_unwind(AssertUnwindSafe(|| chain(message, source)));
    // An error whose own text panics still has its id.
    let text = text.unwrap_or_else(|_| format!("{message} (and its causes cannot be told)"));
    tracing::error!(name, id, error = text, "a handler failed");
}

/// An error's text, and those of its causes that say something new.
fn chain(message: &str, source: Option<&(dyn Error + 'static)>) -> String {
    let mut text = message.to_owned();
    let mut next = source;
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}
