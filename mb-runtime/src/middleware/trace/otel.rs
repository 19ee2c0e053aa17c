//! Spans of `tracing` that are OpenTelemetry's: the same ids in its traces and in the context.

use mb_core::{Context, Span as Place};
use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Puts the span behind what has caused the message, and the message in the span. Says whether there
/// is a layer that makes spans OpenTelemetry's.
pub(super) fn place(span: &Span, context: &mut Context) -> bool {
    if let Some(cause) = context.parent_span().filter(|cause| !is_under(span, *cause)) {
        // Refused where no layer is installed: the ids of the context have to do.
        if span.set_parent(remote(cause)).is_err() {
            return false;
        }
    }
    let own = span.context();
    let own = own.span().span_context().clone();
    if !own.is_valid() {
        return false;
    }
    let (trace_id, span_id) = (own.trace_id().to_bytes(), own.span_id().to_bytes());
    context.set_span(Place {
        trace_id: u128::from_be_bytes(trace_id),
        span_id: u64::from_be_bytes(span_id),
    });
    true
}

/// Whether the program is within a span of this trace already: one of the user's own, maybe, which
/// says more about the cause than the message does.
fn is_under(span: &Span, cause: Place) -> bool {
    let around = Span::current();
    if around.is_none() || around == *span {
        return false;
    }
    let around = around.context();
    u128::from_be_bytes(around.span().span_context().trace_id().to_bytes()) == cause.trace_id
}

fn remote(cause: Place) -> opentelemetry::Context {
    opentelemetry::Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from_bytes(cause.trace_id.to_be_bytes()),
        SpanId::from_bytes(cause.span_id.to_be_bytes()),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    ))
}
