//! A fault as it travels. What programs ask of it beyond its data travels among its details, under names
//! of ours, and is taken out again on the other side.

use std::{borrow::Cow, time::Duration};

use serde_json::{Map, Value};

use super::{Fault, FaultKind, Inner};
use crate::{Status, WireError};

/// The handler may have run, though the code does not say so.
const MAY_HAVE_RUN: &str = "mayHaveRun";

/// How many milliseconds to wait before the same request may succeed.
const RETRY_AFTER: &str = "retryAfterMs";

impl Fault {
    /// What a peer sent as `error`, whose code no contract of ours declares.
    pub fn from_wire(error: WireError) -> Self {
        let kind = FaultKind::from_code(&error.code);
        let mut details = error.details;
        // What only looks like a note of ours is the peer's own.
        let mut take = |note, is_note: fn(&Value) -> bool| {
            let details = details.as_mut()?.as_object_mut()?;
            if details.get(note).is_some_and(is_note) { details.remove(note) } else { None }
        };
        let told = take(MAY_HAVE_RUN, Value::is_boolean);
        let interrupted = told.and_then(|told| told.as_bool()).unwrap_or_default();
        let millis = take(RETRY_AFTER, Value::is_u64);
        let retry_after = millis.and_then(|millis| millis.as_u64());
        let noted = interrupted || retry_after.is_some();
        Self(Box::new(Inner {
            kind,
            code: Cow::Owned(error.code),
            status: error.status.map_or(kind.status(), Status::or_internal),
            message: Cow::Owned(error.message),
            retryable: error.retryable.unwrap_or(kind.is_retryable()),
            details: details.filter(|details| !(noted && *details == Value::Object(Map::new()))),
            retry_after: retry_after.map(Duration::from_millis),
            source: None,
            from_call: false,
            interrupted,
            logged: false,
        }))
    }

    /// What of this fault travels: everything but its source.
    pub fn to_wire(&self) -> WireError {
        let Inner { code, message, details, retry_after, interrupted, .. } = &*self.0;
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let notes = [
            interrupted.then(|| (MAY_HAVE_RUN, Value::Bool(true))),
            retry_after.map(|wait| (RETRY_AFTER, Value::from(millis(wait)))),
        ];
        let mut details = details.clone();
        for (name, note) in notes.into_iter().flatten() {
            let details = details.get_or_insert_with(|| Value::Object(Map::new()));
            if let Some(details) = details.as_object_mut() {
                details.insert(name.to_owned(), note);
            }
        }
        WireError {
            code: code.clone().into_owned(),
            message: message.clone().into_owned(),
            details,
            status: Some(self.0.status.as_u16()),
            retryable: Some(self.0.retryable),
        }
    }
}
