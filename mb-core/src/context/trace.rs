//! The place of a message in a trace, as W3C Trace Context writes it.

use std::fmt;

use super::{Context, ids::SharedId};

/// A place in a trace: what `traceparent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The trace, 16 bytes, not all zero.
    pub trace_id: u128,
    /// The span within it, 8 bytes, not all zero.
    pub span_id: u64,
}

/// A text that is no `traceparent` of W3C Trace Context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a traceparent as in W3C Trace Context: {0} (write it like `00-<32 digits>-<16 digits>-01`)"
)]
pub struct TraceparentError(&'static str);

impl Span {
    /// Reads what `traceparent` says: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Of
    /// versions to come, it reads what this one knows.
    ///
    /// # Errors
    /// [`TraceparentError`], which says what is wrong with it.
    pub fn parse(traceparent: &str) -> Result<Self, TraceparentError> {
        let mut parts = traceparent.split('-');
        let mut part = |length: usize, wrong| {
            let is_hex = |text: &&str| {
                text.len() == length
                    && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            };
            parts.next().filter(is_hex).ok_or(TraceparentError(wrong))
        };
        let version = part(2, "the version has two hexadecimal digits")?;
        let trace_id = part(32, "the trace id has 32 hexadecimal digits")?;
        let span_id = part(16, "the span id has 16 hexadecimal digits")?;
        part(2, "the flags have two hexadecimal digits")?;
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(TraceparentError("there is no such version"));
        }
        Self::of(trace_id, span_id).ok_or(TraceparentError("an id is all zero"))
    }

    fn of(trace_id: &str, span_id: &str) -> Option<Self> {
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, span_id })
    }
}

/// As a `traceparent`, with the flag that says that it is sampled.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, span_id } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-01")
    }
}

impl Context {
    /// The message's own place in its trace. `None` where a peer has written ids that are not those
    /// of W3C Trace Context.
    pub fn span(&self) -> Option<Span> {
        Span::of(self.trace_id(), self.span_id())
    }

    /// The place of the message that caused this one.
    pub fn parent_span(&self) -> Option<Span> {
        Span::of(self.trace_id(), self.parent_span_id()?)
    }

    /// Makes the message the next in a trace that began elsewhere, say with an HTTP request:
    /// `Context::new().continuing(Span::parse(header)?)`.
    #[must_use]
    pub fn continuing(self, cause: Span) -> Self {
        self.write(|written| {
            written.trace = known(format!("{:032x}", cause.trace_id)).into();
            written.span = SharedId::default().into();
            written.parent_span = Some(known(format!("{:016x}", cause.span_id)));
        })
    }

    /// Gives the receiver's side of a message a span of its own, behind the sender's. What it causes
    /// is caused by that span.
    #[doc(hidden)]
    pub fn follow(&mut self) {
        self.write_in_place(|written| {
            written.parent_span = Some(written.span.get_or_init(SharedId::default).clone());
            written.span = SharedId::default().into();
        });
    }

    /// Makes this the span of the message, say one that a tracing system has given a number.
    #[doc(hidden)]
    pub fn set_span(&mut self, span: Span) {
        let trace_id = format!("{:032x}", span.trace_id);
        self.write_in_place(|written| {
            if written.trace.get_or_init(SharedId::default).get() != Some(&trace_id) {
                written.trace = known(trace_id).into();
                written.parent_span = None;
            }
            written.span = known(format!("{:016x}", span.span_id)).into();
        });
    }
}

fn known(id: String) -> SharedId {
    SharedId::known(&id)
}
