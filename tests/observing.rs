//! What can be seen of messages: one trace of all that an order causes, figures, lines.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "common/chain.rs"]
mod chain;
mod common;
#[path = "observing/limits.rs"]
mod limits;
#[path = "common/wire.rs"]
mod wire;

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use chain::{orders, payments};
use common::{SECRET, Workshop, workshop};
use futures_util::StreamExt;
use magicbutton::{
    Client, Context, Failure, FaultKind, Message, Overflow, Server, Span, WireError,
    middleware::{Deadline, Log, Metrics, Trace, from_fn},
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use opentelemetry::trace::{SpanId, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tokio::time::{Instant, sleep};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::SubscriberExt, registry};
use wire::Wire;

const SECOND: Duration = Duration::from_secs(1);

/// One order, seen by whoever subscribed to both events.
async fn order(context: Context) -> String {
    let wire = Wire::default();
    let services = chain::start(&wire).await;
    let mut placed = services.orders.subscribe::<orders::Placed>().await.unwrap();
    let mut charged = services.payments.subscribe::<payments::Charged>().await.unwrap();
    services.edge.order("tea".into()).context(context).await.unwrap();
    assert_eq!(placed.next().await.unwrap().item, "tea");
    let charged = charged.next().await.unwrap();
    assert_eq!(charged.amount, 7);
    charged.context().trace_id().to_owned()
}

/// Who is behind whom: each span by its name and kind, and those of its parent.
const TREE: [(&str, &str); 10] = [
    ("client edge/order", ""),
    ("server edge/order", "client edge/order"),
    ("client orders/place", "server edge/order"),
    ("server orders/place", "client orders/place"),
    ("client payments/charge", "server orders/place"),
    ("server payments/charge", "client payments/charge"),
    ("producer send payments/charged", "server payments/charge"),
    ("consumer receive payments/charged", "producer send payments/charged"),
    ("producer send orders/placed", "server orders/place"),
    ("consumer receive orders/placed", "producer send orders/placed"),
];

fn assert_tree(mut found: Vec<(String, String)>) {
    let mut expected = TREE.map(|(span, parent)| (span.to_owned(), parent.to_owned())).to_vec();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

/// The fields of every span, by the order of their opening.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Fields>>>);

type Fields = HashMap<String, String>;

struct Read<'a>(&'a mut Fields);

impl Visit for Read<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

struct Index(usize);

impl<S: Subscriber + for<'a> registry::LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        cx: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let mut fields = Fields::new();
        attributes.record(&mut Read(&mut fields));
        let mut all = self.0.lock().unwrap();
        cx.span(id).unwrap().extensions_mut().insert(Index(all.len()));
        all.push(fields);
    }

    fn on_record(
        &self,
        id: &span::Id,
        values: &span::Record<'_>,
        cx: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let span = cx.span(id).unwrap();
        let index = span.extensions().get::<Index>().unwrap().0;
        values.record(&mut Read(&mut self.0.lock().unwrap()[index]));
    }
}

impl Spans {
    fn take(&self) -> Vec<Fields> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn one_trace_crosses_three_services_and_two_events() {
    let spans = Spans::default();
    let subscriber = registry().with(spans.clone());
    let _installed = tracing::subscriber::set_default(subscriber);
    let trace = order(Context::new()).await;
    let spans: Vec<_> =
        spans.take().into_iter().filter(|span| span.contains_key("otel.kind")).collect();
    assert!(spans.iter().all(|span| span["trace_id"] == trace), "{spans:#?}");
    let label = |span: &Fields| format!("{} {}", span["otel.kind"], span["otel.name"]);
    let of: HashMap<_, _> = spans.iter().map(|span| (&span["span_id"], label(span))).collect();
    assert_eq!(of.len(), TREE.len(), "every span has an id of its own");
    let parent = |span: &Fields| {
        span.get("parent_span_id").map_or(String::new(), |parent| of[parent].clone())
    };
    assert_tree(spans.iter().map(|span| (label(span), parent(span))).collect());
    assert_eq!(spans[0]["rpc.system.name"], "magicbutton");
    assert_eq!(spans[0]["rpc.method"], "edge/order");
    assert_eq!(spans[0]["rpc.response.status_code"], "OK");
    assert!(!format!("{spans:?}").contains("tea"), "payloads are no fields");
}

fn opentelemetry() -> (InMemorySpanExporter, SdkTracerProvider, impl Subscriber + Send + Sync) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    (exporter, provider, registry().with(layer))
}

#[tokio::test(start_paused = true)]
async fn opentelemetry_has_the_same_trace() {
    let (exporter, provider, subscriber) = opentelemetry();
    let _installed = tracing::subscriber::set_default(subscriber);
    let outside = Span::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let trace = order(Context::new().continuing(outside)).await;
    assert_eq!(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    provider.force_flush().unwrap();
    let spans: Vec<_> = exporter.get_finished_spans().unwrap();
    let spans: Vec<_> = spans.into_iter().filter(|span| span.name.contains('/')).collect();
    assert!(spans.iter().all(|span| span.span_context.trace_id().to_string() == trace));
    let label = |span: &SpanData| {
        format!("{} {}", format!("{:?}", span.span_kind).to_lowercase(), span.name)
    };
    let of: HashMap<_, _> =
        spans.iter().map(|span| (span.span_context.span_id(), label(span))).collect();
    let parent = |span: &SpanData| match of.get(&span.parent_span_id) {
        Some(parent) => parent.clone(),
        // The one outside.
        None => {
            assert_eq!(span.parent_span_id, SpanId::from_hex("00f067aa0ba902b7").unwrap());
            String::new()
        }
    };
    assert_tree(spans.iter().map(|span| (label(span), parent(span))).collect());
}

#[tokio::test(start_paused = true)]
async fn failures_are_in_the_span_and_causes_are_not() {
    let (exporter, provider, subscriber) = opentelemetry();
    let _installed = tracing::subscriber::set_default(subscriber);
    let wire = Wire::default();
    let server = Server::builder()
        .transport(wire.clone())
        .middleware(Trace::new())
        .serve(workshop::serve(Workshop::default()))
        .bind("wire://bench")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).middleware(Trace::new());
    let things: workshop::Client = client.connect("wire://bench").await.unwrap().typed().unwrap();
    let Err(Failure::Fault(internal)) = things.fail("io".into()).await else { unreachable!() };
    things.fail("declared".into()).await.unwrap_err();
    let mut counting = things.count_to(3, "hang".into());
    assert!(counting.next().await.unwrap().is_ok());
    drop(counting);
    let given_up = tokio::time::timeout(SECOND, things.wait_for_it()).await;
    assert!(given_up.is_err());
    sleep(SECOND).await;
    drop((things, server));
    sleep(SECOND).await;
    provider.force_flush().unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let field = |span: &SpanData, name: &str| {
        let found = span.attributes.iter().find(|field| field.key.as_str() == name);
        found.map_or(String::new(), |field| field.value.to_string())
    };
    let seen: Vec<_> = spans
        .iter()
        .filter(|span| span.name.contains('/'))
        .map(|span| {
            let failed = matches!(span.status, Status::Error { .. });
            (format!("{:?} {}", span.span_kind, span.name), field(span, "error.type"), failed)
        })
        .collect();
    for (span, code, failed) in [
        ("Server workshop/fail", "INTERNAL_SERVER_ERROR", true),
        ("Client workshop/fail", "INTERNAL_SERVER_ERROR", true),
        // The server has done its work, the client has not got what it wanted.
        ("Server workshop/fail", "THING_NOT_FOUND", false),
        ("Client workshop/fail", "THING_NOT_FOUND", true),
        ("Client workshop/countTo", "CANCELLED", true),
        ("Server workshop/countTo", "CANCELLED", false),
        ("Client workshop/waitForIt", "CANCELLED", true),
        ("Server workshop/waitForIt", "CANCELLED", false),
    ] {
        assert!(seen.contains(&(span.into(), code.into(), failed)), "{span} {code}: {seen:#?}");
    }
    let id = internal.id().unwrap();
    assert!(spans.iter().any(|span| field(span, "error.id") == id));
    for span in &spans {
        assert!(!format!("{:?} {:?}", span.attributes, span.status).contains(SECRET));
    }
    // The line in the log is within the span, for those whose log goes along with their traces.
    let logged = |span: &&SpanData| format!("{:?}", span.events).contains(SECRET);
    assert_eq!(spans.iter().filter(logged).count(), 1);
}

#[test]
fn a_traceparent_is_read_strictly() {
    let span = Span::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap();
    assert_eq!(span.to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let context = Context::new().continuing(span);
    assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(context.parent_span(), Some(span));
    assert_ne!(context.span(), Some(span));
    // A version to come may say more.
    assert!(Span::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-new").is_ok());
    for wrong in [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-new",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-00",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-00",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-\u{e9}f92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-00",
    ] {
        assert!(Span::parse(wrong).is_err(), "{wrong}");
    }
}

/// The figures of one test.
struct Figures {
    snapshots: Snapshotter,
    seen: HashMap<String, DebugValue>,
}

impl Figures {
    fn read(&mut self) -> &HashMap<String, DebugValue> {
        for (key, _, _, value) in self.snapshots.snapshot().into_vec() {
            let (_, key) = key.into_parts();
            let (name, labels) = key.into_parts();
            let mut labels: Vec<_> =
                labels.iter().map(|label| format!("{}={}", label.key(), label.value())).collect();
            labels.sort();
            let key = format!("{} {}", name.as_str(), labels.join(" "));
            // A snapshot takes what was counted since the last.
            let value = match (value, self.seen.get(&key)) {
                (DebugValue::Counter(more), Some(DebugValue::Counter(count))) => {
                    DebugValue::Counter(count + more)
                }
                (DebugValue::Gauge(more), Some(DebugValue::Gauge(value))) => {
                    DebugValue::Gauge(*value + more)
                }
                (value, _) => value,
            };
            self.seen.insert(key, value);
        }
        &self.seen
    }

    fn count(&mut self, key: &str) -> u64 {
        match self.read().get(key) {
            Some(DebugValue::Counter(count)) => *count,
            other => panic!("{key}: {other:?}"),
        }
    }

    fn gauge(&mut self, key: &str) -> f64 {
        match self.read().get(key) {
            Some(DebugValue::Gauge(value)) => value.0,
            other => panic!("{key}: {other:?}"),
        }
    }
}

/// A peer that answers with codes of its own.
async fn count_made_up_codes(figures: &mut Figures) {
    let made_up = from_fn(|message: Message, _| async move {
        let code = format!("EVIL_{}", message.context().id());
        let error = WireError {
            code,
            message: String::new(),
            details: None,
            status: None,
            retryable: None,
        };
        Err(Failure::Declared(error.into()))
    });
    let wire = Wire::default();
    let server = Server::builder()
        .transport(wire.clone())
        .middleware(made_up)
        .serve(workshop::serve(Workshop::default()))
        .bind("wire://evil")
        .start();
    let _server = server.await.unwrap();
    let client = Client::builder().transport(wire.clone()).middleware(Metrics::new());
    let things: workshop::Client = client.connect("wire://evil").await.unwrap().typed().unwrap();
    for _ in 0..300 {
        things.look_around().await.unwrap_err();
    }
    let evil = |key: &&String| key.starts_with("magicbutton.messages code=EVIL");
    assert_eq!(figures.read().keys().filter(evil).count(), 256);
}

#[test]
fn everything_is_counted() {
    let recorder = DebuggingRecorder::new();
    let mut figures = Figures { snapshots: recorder.snapshotter(), seen: HashMap::new() };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    metrics::with_local_recorder(&recorder, || {
        runtime.unwrap().block_on(async {
            let wire = Wire::default();
            let workshop = Workshop::default();
            let seen = Arc::clone(&workshop.0);
            let server = Server::builder()
                .transport(wire.clone())
                .middleware(Metrics::new())
                .serve(workshop::serve(workshop))
                .bind("wire://bench")
                .start()
                .await
                .unwrap();
            let client = Client::builder().transport(wire.clone()).middleware(Metrics::new());
            let client = client.connect("wire://bench").await.unwrap();
            let things: workshop::Client = client.typed().unwrap();
            for _ in 0..3 {
                things.fail("not".into()).await.unwrap();
            }
            things.fail("declared".into()).await.unwrap_err();
            let ok = "code=OK kind=server name=workshop/fail";
            assert_eq!(figures.count(&format!("magicbutton.messages {ok}")), 3);
            let ok = "code=THING_NOT_FOUND kind=client name=workshop/fail";
            assert_eq!(figures.count(&format!("magicbutton.messages {ok}")), 1);
            let took = "rpc.server.call.duration code=OK name=workshop/fail";
            assert!(matches!(&figures.read()[took], DebugValue::Histogram(_)));

            let running = "magicbutton.in_flight kind=server name=workshop/waitForIt";
            let call = tokio::spawn({
                let things = things.clone();
                async move { things.wait_for_it().await }
            });
            seen.until(&seen.begun, 1).await;
            assert_eq!(figures.gauge(running), 1.0);
            seen.go_on.notify_one();
            call.await.unwrap().unwrap();
            assert_eq!(figures.gauge(running), 0.0);

            // A queue of one, and three events.
            let slow = things.subscribe::<workshop::ThingMade>();
            let slow = slow.capacity(1).overflow(Overflow::DropOldest).await.unwrap();
            for thing in ["a", "b", "c"] {
                things.make_thing(thing.into(), Vec::new()).await.unwrap();
            }
            sleep(SECOND).await;
            assert_eq!(figures.count("magicbutton.events.dropped "), 2);
            assert!(figures.read().contains_key("magicbutton.events.queued "));
            drop(slow);

            assert_eq!(figures.gauge("magicbutton.connections "), 2.0);
            assert!(figures.count("magicbutton.sent ") > 100);
            let (sent, received) = ("magicbutton.sent ", "magicbutton.received ");
            assert_eq!(figures.count(sent), figures.count(received), "both ends are here");
            wire.cut();
            let mut status = client.watch_status();
            status.changed().await.unwrap();
            status.wait_for(|s| *s == magicbutton::ClientStatus::Connected).await.unwrap();
            assert_eq!(figures.count("magicbutton.reconnects "), 1);

            // A name that somebody made up is no label.
            let raw = client.call_raw("workshop/fail", magicbutton::Body::new(1_u8));
            raw.await.unwrap_err();
            drop((things, client, server));
            sleep(10 * SECOND).await;
            assert_eq!(figures.gauge("magicbutton.connections "), 0.0);
            let made_up = |key: &&String| key.contains("_OTHER");
            assert_eq!(figures.read().keys().filter(made_up).count(), 3);
            count_made_up_codes(&mut figures).await;
        });
    });
}
