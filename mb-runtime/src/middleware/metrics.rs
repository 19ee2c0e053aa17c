//! Counts and times of messages, on the `metrics` facade.

use async_trait::async_trait;
use mb_core::{Message, Name};
use metrics::{Gauge, Label, counter, gauge, histogram};
use tokio::time::Instant;

use super::{Handled, Kind, Middleware, Next, watched::watched};

/// Measures every message, by way of the `metrics` crate: whichever recorder a program installs, say
/// a Prometheus exporter, has the figures.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `rpc.server.call.duration`, `rpc.client.call.duration` | histogram, seconds | `name`, `code` |
/// | `messaging.client.operation.duration`, `messaging.process.duration` | histogram, seconds | `name`, `code` |
/// | `magicbutton.messages` | counter | `kind`, `name`, `code` |
/// | `magicbutton.in_flight` | gauge | `kind`, `name` |
///
/// `code` is `OK`, or what the message has failed with; a streamed reply is timed to its last item.
/// Names are the contract's; one that no contract of this program declares counts as `_OTHER`, since
/// whoever sends it could make up any number of them.
///
/// What connections and subscriptions count by themselves, with the feature `metrics` alone:
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `magicbutton.sent`, `magicbutton.received` | counter, bytes of frames | |
/// | `magicbutton.outbox` | histogram, frames that were queued for one write | |
/// | `magicbutton.events.queued` | histogram, events in a subscription's queue, this one included | |
/// | `magicbutton.events.dropped` | counter, events that a full subscription has not got | |
/// | `magicbutton.reconnects` | counter, connections made again | |
/// | `magicbutton.connections` | gauge, sessions of either side | |
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Metrics;

impl Metrics {
    /// Measures everything that passes.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Middleware for Metrics {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        let (start, kind) = (Instant::now(), next.kind());
        let name = declared(message.name());
        let running = Running::one(kind, name);
        watched(next.run(message), move |ending| {
            // A declared code is one of a few; what else a peer may make up is not a label.
            let code = match ending.fault() {
                Some(fault) if fault.kind() == mb_core::FaultKind::Undeclared => {
                    "_OTHER".to_owned()
                }
                _ => ending.code().to_owned(),
            };
            let labels = vec![Label::new("name", name), Label::new("code", code)];
            histogram!(kind.duration(), labels.clone()).record(start.elapsed().as_secs_f64());
            let labels = [labels, vec![Label::new("kind", kind.span_kind())]].concat();
            counter!("magicbutton.messages", labels).increment(1);
            drop(running);
        })
        .await
    }
}

/// The name of a message that this program declares.
fn declared(name: &Name) -> &'static str {
    match name {
        Name::Request(request) => request.full_name,
        Name::Event(event) => event.full_name,
        _ => "_OTHER",
    }
}

/// A message under way.
struct Running(Gauge);

impl Running {
    fn one(kind: Kind, name: &'static str) -> Self {
        let labels = vec![Label::new("kind", kind.span_kind()), Label::new("name", name)];
        let gauge = gauge!("magicbutton.in_flight", labels);
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
