//! What travels beside a payload, and how it is written so that no value can break out of its line.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use mb_core::{Context, Fault, FaultKind, Travelling, WireContext};

pub(crate) const CONTEXT: HeaderName = HeaderName::from_static("Mb-Context");
pub(crate) const DEADLINE: HeaderName = HeaderName::from_static("Mb-Deadline");
pub(crate) const CODEC: HeaderName = HeaderName::from_static("Mb-Codec");
pub(crate) const CONTRACT: HeaderName = HeaderName::from_static("Mb-Contract");
pub(crate) const NAME: HeaderName = HeaderName::from_static("Mb-Name");
pub(crate) const FROM: HeaderName = HeaderName::from_static("Mb-From");
/// What somebody logs in with who has not joined.
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("Mb-Token");
/// Which of its logins and logouts a client asks for.
pub(crate) const LOGIN: HeaderName = HeaderName::from_static("Mb-Login");
pub(crate) const CREDIT: HeaderName = HeaderName::from_static("Mb-Credit");
pub(crate) const SERVER: HeaderName = HeaderName::from_static("Mb-Server");
pub(crate) const STATUS: HeaderName = HeaderName::from_static("Mb-Status");
pub(crate) const ERROR: HeaderName = HeaderName::from_static("Mb-Error");
pub(crate) const SERVICE_ERROR: HeaderName = HeaderName::from_static("Nats-Service-Error");
pub(crate) const SERVICE_ERROR_CODE: HeaderName =
    HeaderName::from_static("Nats-Service-Error-Code");
/// Of a dead event: why, for whom, after how many tries, and its id.
pub(crate) const REASON: HeaderName = HeaderName::from_static("Mb-Reason");
pub(crate) const READER: HeaderName = HeaderName::from_static("Mb-Reader");
pub(crate) const DELIVERIES: HeaderName = HeaderName::from_static("Mb-Deliveries");
pub(crate) const EVENT_ID: HeaderName = HeaderName::from_static("Mb-Event-Id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The last message of a stream.
pub(crate) const STATUS_END: &str = "end";
/// The server does not know the client: it is to join, and may then ask again.
pub(crate) const STATUS_UNKNOWN: &str = "unknown-client";

/// Headers that are made when there is a first one.
#[derive(Debug, Default)]
pub(crate) struct Headers(Option<HeaderMap>);

impl Headers {
    /// Adds a header. What cannot stand in a line is replaced by spaces: it neither panics nor adds a
    /// line.
    pub(crate) fn put(&mut self, name: HeaderName, text: &str) {
        let value = text.parse::<HeaderValue>().unwrap_or_else(|_| {
            let text = text.replace(['\r', '\n'], " ");
            text.parse().unwrap_or_default()
        });
        self.0.get_or_insert_default().insert(name, value);
    }

    /// What travels of a context; where that is only the time left, in milliseconds, it is handed back
    /// instead, to be said elsewhere.
    pub(crate) fn put_context_or_time(&mut self, context: &Context) -> Option<u64> {
        match context.travelling() {
            Travelling::Deadline(left) => Some(left),
            Travelling::Nothing => None,
            Travelling::Whole(_) => {
                self.put_context(context);
                None
            }
        }
    }

    /// What travels of a context.
    pub(crate) fn put_context(&mut self, context: &Context) {
        match context.travelling() {
            Travelling::Nothing => {}
            Travelling::Deadline(left) => self.put_number(DEADLINE, left),
            Travelling::Whole(mut wire) => {
                if let Some(left) = wire.deadline_ms.take() {
                    self.put_number(DEADLINE, left);
                }
                if let (Some(trace), Some(span)) = (&wire.trace_id, &wire.span_id)
                    && is_hex(trace, 32)
                    && is_hex(span, 16)
                {
                    self.put(TRACEPARENT, &format!("00-{trace}-{span}-01"));
                }
                if *wire != WireContext::default() {
                    // Written as ASCII: a header is a line of it.
                    let json = serde_json::to_string(&*wire).unwrap_or_default();
                    self.put(CONTEXT, &ascii(&json));
                }
            }
        }
    }

    pub(crate) fn put_number(&mut self, name: HeaderName, number: u64) {
        self.0.get_or_insert_default().insert(name, HeaderValue::from(number));
    }

    /// More headers beside these.
    pub(crate) fn from_map(map: Option<HeaderMap>) -> Self {
        Self(map)
    }

    pub(crate) fn into_map(self) -> Option<HeaderMap> {
        self.0
    }
}

/// JSON with what is not ASCII escaped.
fn ascii(json: &str) -> String {
    use std::fmt::Write;
    if json.is_ascii() {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The value of a header.
pub(crate) fn get(headers: Option<&HeaderMap>, name: HeaderName) -> Option<&str> {
    headers?.get(name).map(HeaderValue::as_str)
}

/// The context that a message came with, and the time left that its reply subject tells.
pub(crate) fn context_in(headers: Option<&HeaderMap>, told: Option<u64>) -> Result<Context, Fault> {
    let Some(headers) = headers else {
        return Ok(told.map_or_else(Context::new, Context::with_time_left));
    };
    let left = get(Some(headers), DEADLINE).and_then(|left| left.parse().ok()).or(told);
    let wire = match get(Some(headers), CONTEXT) {
        Some(json) => Some(serde_json::from_str::<WireContext>(json).map_err(|error| {
            let reason = format!("the header Mb-Context is not a context: {error}");
            Fault::new(FaultKind::ValidationFailed, reason)
        })?),
        // From those who know no more than W3C Trace Context.
        None => get(Some(headers), TRACEPARENT).and_then(traced),
    };
    Ok(match (wire, left) {
        (Some(wire), left) => Context::from_wire(WireContext { deadline_ms: left, ..wire }),
        (None, Some(left)) => Context::with_time_left(left),
        (None, None) => Context::new(),
    })
}

/// The context that a message came with.
pub(crate) fn context(headers: Option<&HeaderMap>) -> Result<Context, Fault> {
    context_in(headers, None)
}

fn traced(parent: &str) -> Option<WireContext> {
    let mut parts = parent.split('-');
    let (_, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    (is_hex(trace, 32) && is_hex(span, 16)).then(|| WireContext {
        trace_id: Some(trace.to_owned()),
        span_id: Some(span.to_owned()),
        ..WireContext::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_neither_panics_nor_adds_a_line() {
        let mut headers = Headers::default();
        headers.put(NAME, "a\r\nMb-From: eve\r\n\r\n");
        let map = headers.into_map().unwrap();
        assert_eq!(map.len(), 1);
        assert!(!map.get(NAME).unwrap().as_str().contains(['\r', '\n']));
    }

    #[test]
    fn a_context_comes_back_whole() {
        let context = Context::new()
            .with_id("a\r\nb")
            .with_metadata("farbe", "rot ü\r\n👩")
            .with_trace_id("0123456789abcdef0123456789abcdef");
        let mut headers = Headers::default();
        headers.put_context(&context.child().with_id("x"));
        headers.put_context(&context);
        let map = headers.into_map().unwrap();
        assert!(map.get(CONTEXT).unwrap().as_str().is_ascii());
        let back = super::context(Some(&map)).unwrap();
        assert_eq!(back.id(), "a\r\nb");
        assert_eq!(back.metadata("farbe").unwrap(), "rot ü\r\n👩");
    }

    #[test]
    fn a_foreign_trace_goes_on() {
        let mut headers = Headers::default();
        headers.put(TRACEPARENT, "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
        let back = super::context(headers.into_map().as_ref()).unwrap();
        assert_eq!(back.trace_id(), "0123456789abcdef0123456789abcdef");
    }
}
