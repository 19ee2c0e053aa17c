//! The context on the wire. Only what was set, read or inherited travels; the rest is lazy on the
//! other side too.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

use super::{Context, Written, ids::SharedId};
use crate::WireContext;

/// What of a context travels.
#[derive(Debug)]
pub enum Travelling {
    /// Nothing.
    Nothing,
    /// Only the time left until its deadline, in milliseconds: by far the most common.
    Deadline(u64),
    /// More.
    Whole(Box<WireContext>),
}

impl Context {
    /// What of this context travels, without writing out what is not there.
    pub fn travelling(&self) -> Travelling {
        match (self.written.get(), self.remaining()) {
            (None, None) => Travelling::Nothing,
            (None, Some(left)) => Travelling::Deadline(time_left(left)),
            (Some(_), _) => match self.to_wire() {
                None => Travelling::Nothing,
                Some(wire) => Travelling::Whole(Box::new(wire)),
            },
        }
    }

    /// Whether nothing of this context would travel but who sends the message.
    pub fn says_only_source(&self) -> bool {
        let Some(written) = self.written.get() else { return self.deadline.is_none() };
        self.deadline.is_none()
            && written.id.get().is_none()
            && written.timestamp.get().is_none()
            && written.target.is_none()
            && written.auth.is_none()
            && written.metadata.is_empty()
            && written.trace.get().is_none()
            && written.span.get().is_none()
            && written.parent_span.is_none()
    }

    /// A context of which a peer wrote no more than the time left, in milliseconds.
    pub fn with_time_left(millis: u64) -> Self {
        let deadline = Instant::now().checked_add(Duration::from_millis(millis));
        Self { deadline, ..Self::new() }
    }

    /// What of this context travels. `None` where there is nothing to say.
    pub fn to_wire(&self) -> Option<WireContext> {
        let written = self.written.get().map(|written| &**written);
        // A message with a cause must tell which trace it continues, even if nobody has asked yet.
        if written.is_some_and(|written| written.parent_span.is_some()) {
            self.trace_id();
            self.span_id();
        }
        let known = |id: &OnceLock<SharedId>| id.get()?.get().map(str::to_owned);
        let wire = match written {
            None => WireContext::default(),
            Some(written) => WireContext {
                id: written.id.get().map(|id| id.to_string()),
                timestamp: written.timestamp.get().copied().map(unix_millis),
                source: written.source.as_deref().map(str::to_owned),
                target: written.target.as_deref().map(str::to_owned),
                auth: written.auth.clone(),
                metadata: written.metadata.clone(),
                trace_id: known(&written.trace),
                span_id: known(&written.span),
                parent_span_id: self.parent_span_id().map(str::to_owned),
                deadline_ms: None,
            },
        };
        let wire = WireContext { deadline_ms: self.remaining().map(time_left), ..wire };
        (wire != WireContext::default()).then_some(wire)
    }

    /// A context as a peer wrote it.
    pub fn from_wire(wire: WireContext) -> Self {
        let in_time = |ms| Instant::now().checked_add(Duration::from_millis(ms));
        let deadline = wire.deadline_ms.and_then(in_time);
        fn lazy<T>(value: Option<T>) -> OnceLock<T> {
            value.map_or_else(OnceLock::new, OnceLock::from)
        }
        let shared = |id: Option<String>| id.as_deref().map(SharedId::known);
        let at = |ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms));
        let written = Written {
            id: lazy(wire.id.map(String::into_boxed_str)),
            timestamp: lazy(wire.timestamp.and_then(at)),
            source: wire.source.map(Into::into),
            target: wire.target.map(Into::into),
            auth: wire.auth,
            metadata: wire.metadata,
            trace: lazy(shared(wire.trace_id)),
            span: lazy(shared(wire.span_id)),
            parent_span: shared(wire.parent_span_id),
        };
        Self { deadline, written: Arc::new(written).into(), ..Self::new() }
    }
}

/// Rounded up: the other side does not say that a time is over before it is.
fn time_left(left: Duration) -> u64 {
    millis(left.saturating_add(Duration::from_nanos(999_999)))
}

fn unix_millis(time: SystemTime) -> u64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
