//! What of a failure stays on the server: the text and the sources of internal faults go to the
//! log, the caller gets an id to look them up by.

use std::{any::Any, error::Error};

use mb_core::{Fault, FaultKind, RequestDescriptor};
use uuid::Uuid;

/// The fault as its caller may see it. An internal one is logged and replaced.
pub(super) fn seal(fault: Fault, request: &RequestDescriptor) -> Fault {
    if fault.kind() == FaultKind::Internal {
        internal(request.full_name, fault.message(), fault.source())
    } else {
        fault.without_source()
    }
}

/// The fault that stands for a panic. Its text is logged.
pub(super) fn panicked(request: &RequestDescriptor, panic: &(dyn Any + Send)) -> Fault {
    internal(request.full_name, &format!("panicked: {}", panic_text(panic)), None)
}

fn internal(request: &str, message: &str, source: Option<&(dyn Error + 'static)>) -> Fault {
    let id = Uuid::now_v7().to_string();
    report(request, &id, message, source);
    Fault::new(FaultKind::Internal, format!("internal error, logged by the server as {id}"))
        .with_details(serde_json::json!({ "id": id }))
}

/// Logs what a handler failed with, its whole chain of causes included.
pub(crate) fn report(name: &str, id: &str, message: &str, source: Option<&(dyn Error + 'static)>) {
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
    tracing::error!(name, id, error = text, "a handler failed");
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
