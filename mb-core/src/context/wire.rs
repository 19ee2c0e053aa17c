//! The context on the wire. Only what was set, read or inherited travels; the rest is lazy on the
//! other side too.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

use super::{Context, Inner, ids, ids::SharedId};
use crate::WireContext;

impl Context {
    /// What of this context travels. `None` where there is nothing to say.
    pub fn to_wire(&self) -> Option<WireContext> {
        let inner = self.0.get()?;
        let written = inner.sent.as_ref().unwrap_or(inner);
        // A message with a cause must tell which trace it continues, even if nobody has asked yet.
        let traced = written.parent_span.is_some();
        if traced {
            self.trace_id();
            self.span_id();
        }
        let known = |id: &OnceLock<SharedId>| id.get()?.get().map(str::to_owned);
        let wire = WireContext {
            id: written.id.get().map(|id| id.to_string()),
            timestamp: written.timestamp.get().copied().map(unix_millis),
            source: written.source.as_deref().map(str::to_owned),
            target: written.target.as_deref().map(str::to_owned),
            auth: inner.auth.as_deref().cloned(),
            metadata: written.metadata.clone(),
            trace_id: known(&written.trace),
            span_id: known(&written.span),
            parent_span_id: written
                .parent_span
                .as_ref()
                .map(|span| span.get_or_init(ids::span).to_owned()),
            deadline_ms: self.remaining().map(|left| millis(left)),
        };
        (wire != WireContext::default()).then_some(wire)
    }

    /// A context as a peer wrote it.
    pub fn from_wire(wire: WireContext) -> Self {
        let shared = |id: Option<String>| match id {
            Some(id) => OnceLock::from(SharedId::known(&id)),
            None => OnceLock::new(),
        };
        let inner = Inner {
            id: wire.id.map_or_else(OnceLock::new, |id| OnceLock::from(id.into_boxed_str())),
            timestamp: wire
                .timestamp
                .and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms)))
                .map_or_else(OnceLock::new, OnceLock::from),
            source: wire.source.map(Into::into),
            target: wire.target.map(Into::into),
            auth: wire.auth.map(Box::new),
            metadata: wire.metadata,
            trace: shared(wire.trace_id),
            span: shared(wire.span_id),
            parent_span: wire.parent_span_id.as_deref().map(SharedId::known),
            deadline: wire
                .deadline_ms
                .and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms))),
            sent: None,
            caller: None,
        };
        Self(Arc::new(inner).into())
    }
}

fn unix_millis(time: SystemTime) -> u64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
