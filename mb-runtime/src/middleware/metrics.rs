//! Counts and times of messages, on the `metrics` facade.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use mb_core::{Message, Name};
use metrics::{Gauge, Label, counter, gauge, histogram};
use tokio::time::Instant;

use super::{
    Handled, Kind, Middleware, Next,
    watched::{OTHER, watched},
};

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
/// | `magicbutton.logins.throttled` | counter, logins that were turned away because too many had failed | |
/// | `magicbutton.connections` | gauge, sessions of either side | |
///
/// Of codes that a peer has sent, each [`Metrics`] has 256 at most; more count as `_OTHER`.
#[derive(Debug, Clone, Default)]
#[must_use = "it does nothing until a server or a client is given it"]
pub struct Metrics {
    codes: Arc<Mutex<HashSet<String>>>,
}

/// As many codes as may be labels.
const MOST_CODES: usize = 256;

impl Metrics {
    /// Measures everything that passes.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The label of a code: one that a peer makes up would be there for good.
fn label(codes: &Mutex<HashSet<String>>, code: &str) -> String {
    let mut codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
    if codes.len() < MOST_CODES && !codes.contains(code) {
        codes.insert(code.to_owned());
    }
    codes.get(code).map_or_else(|| OTHER.to_owned(), String::clone)
}

#[async_trait]
impl Middleware for Metrics {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        let (start, kind) = (Instant::now(), next.kind());
        let name = declared(message.name());
        let (running, codes) = (Running::one(kind, name), Arc::clone(&self.codes));
        watched(next.run(message), move |ending| {
            let code = label(&codes, ending.code());
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
        _ => OTHER,
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
