//! A span for every message, in the trace that its context carries.

#[cfg(feature = "otel")]
mod otel;

use std::{
    pin::Pin,
    task::{self, Poll},
};

use async_trait::async_trait;
use futures_core::Stream;
use mb_core::{Answer, Message, Streaming};
use tracing::{Instrument, Span, field::Empty, info_span};

use super::{
    Handled, Kind, Middleware, Next, Outcome,
    conventions::{self, SYSTEM},
    watched::{Ending, watched},
};

/// The longest id of a message that is in its span, in bytes: a UUID has 36.
const LONGEST_ID: usize = 128;

/// Opens a span, by way of the `tracing` crate, for every message: around calls and handlers, around
/// events that are sent and that arrive. Names and fields are OpenTelemetry's; the payload is never
/// among them.
///
/// On both sides of a connection it makes one trace of all that a message causes: the span of the
/// receiver is behind that of the sender, and whatever a handler calls or announces is behind that.
/// Between services the trace travels in the message's context, from and to HTTP as a
/// [`traceparent`](crate::Span).
///
/// With the feature `otel`, where a `tracing-opentelemetry` layer is installed, the spans are
/// OpenTelemetry's, down to their ids.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
#[must_use = "it does nothing until a server or a client is given it"]
pub struct Trace;

impl Trace {
    /// Spans of level `INFO`, of the target `magicbutton`.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Middleware for Trace {
    async fn handle(&self, mut message: Message, next: Next) -> Handled {
        let kind = next.kind();
        let span = open(kind, &message);
        if span.is_disabled() {
            return next.run(message).await;
        }
        place(&span, kind, &mut message);
        let told = span.clone();
        let passing = next.run(message).instrument(span.clone());
        let handled = watched(passing, move |ending| close(&told, kind, &ending)).await?;
        Ok(match handled {
            Outcome::Stream(items) => Outcome::Stream(Box::pin(Items { span, items })),
            outcome => outcome,
        })
    }
}

fn open(kind: Kind, message: &Message) -> Span {
    let name = message.name().as_str();
    match kind {
        Kind::Client | Kind::Server => info_span!(
            target: "magicbutton",
            "call",
            { conventions::OTEL_NAME } = name,
            { conventions::OTEL_KIND } = kind.span_kind(),
            { conventions::OTEL_STATUS_CODE } = Empty,
            { conventions::RPC_SYSTEM_NAME } = SYSTEM,
            { conventions::RPC_METHOD } = name,
            { conventions::RPC_RESPONSE_STATUS_CODE } = Empty,
            { conventions::ERROR_TYPE } = Empty,
            { conventions::ERROR_ID } = Empty,
            { conventions::TRACE_ID } = Empty,
            { conventions::SPAN_ID } = Empty,
            { conventions::PARENT_SPAN_ID } = Empty,
        ),
        Kind::Producer | Kind::Consumer => info_span!(
            target: "magicbutton",
            "event",
            { conventions::OTEL_NAME } = format_args!("{} {name}", kind.operation()),
            { conventions::OTEL_KIND } = kind.span_kind(),
            { conventions::OTEL_STATUS_CODE } = Empty,
            { conventions::MESSAGING_SYSTEM } = SYSTEM,
            { conventions::MESSAGING_OPERATION_NAME } = kind.operation(),
            { conventions::MESSAGING_OPERATION_TYPE } = kind.operation(),
            { conventions::MESSAGING_DESTINATION_NAME } = name,
            { conventions::MESSAGING_MESSAGE_ID } = short(message.context().id()),
            { conventions::ERROR_TYPE } = Empty,
            { conventions::ERROR_ID } = Empty,
            { conventions::TRACE_ID } = Empty,
            { conventions::SPAN_ID } = Empty,
            { conventions::PARENT_SPAN_ID } = Empty,
        ),
    }
}

/// An id, unless whoever wrote it has made it something else.
fn short(id: &str) -> Option<&str> {
    let is_plain = id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(id)
}

/// Makes the span and the message agree on where in the trace they are.
fn place(span: &Span, kind: Kind, message: &mut Message) {
    let context = message.context_mut();
    if matches!(kind, Kind::Server | Kind::Consumer) {
        context.follow();
    }
    #[cfg(feature = "otel")]
    if otel::place(span, context) {
        return;
    }
    // A peer may have written anything.
    if context.span().is_some() {
        span.record(conventions::TRACE_ID, context.trace_id())
            .record(conventions::SPAN_ID, context.span_id());
    }
    if let (Some(_), Some(parent)) = (context.parent_span(), context.parent_span_id()) {
        span.record(conventions::PARENT_SPAN_ID, parent);
    }
}

fn close(span: &Span, kind: Kind, ending: &Ending<'_>) {
    let code = ending.code();
    if matches!(kind, Kind::Client | Kind::Server) {
        span.record(conventions::RPC_RESPONSE_STATUS_CODE, code);
    }
    let Some(status) = ending.status() else { return };
    span.record(conventions::ERROR_TYPE, code);
    if let Some(id) = ending.fault().and_then(|fault| fault.id()) {
        span.record(conventions::ERROR_ID, id);
    }
    // A server that refuses what is wrong has done its work.
    if kind != Kind::Server || status.as_u16() >= 500 {
        span.record(conventions::OTEL_STATUS_CODE, "ERROR");
    }
}

/// Items that are made within a span.
struct Items {
    span: Span,
    items: Streaming,
}

impl Stream for Items {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let Self { span, items } = &mut *self;
        span.in_scope(|| items.as_mut().poll_next(cx))
    }
}
