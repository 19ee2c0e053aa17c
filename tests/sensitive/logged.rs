//! No log line shows it.

use super::*;

/// Keeps every line of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            write!(log, " {}={value:?}", field.name()).unwrap();
        });
        log.push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn events_that_are_not_as_declared_are_logged_without_it() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let server = Server::builder()
        .serve(theirs::vault::serve(Theirs))
        .bind("memory://their-events")
        .start()
        .await
        .unwrap();
    let client = vault::Client::connect("memory://their-events?codec=json").await.unwrap();
    let mut opened = client.subscribe::<vault::Opened>().await.unwrap();
    let mut any = client.subscribe::<vault::Event>().await.unwrap();
    client.send(open("ann").into()).await.unwrap_err();
    server.stop().await.unwrap();
    assert!(opened.next().await.is_none() && any.next().await.is_none());
    assert_eq!((opened.undecodable(), any.undecodable()), (1, 1));
    drop(guard);
    let log = log.0.lock().unwrap();
    assert_eq!(log.matches("`byWhom`: sensitive, so it is not shown").count(), 2, "{log}");
    assert!(!log.contains(SECRET), "{log}");
}

/// Everything that is recorded, as text: events, and the fields of spans.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl<S: Subscriber> tracing_subscriber::Layer<S> for Everything {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let _ = write!(self.0.lock().unwrap(), "{event:?}");
    }

    fn on_new_span(
        &self,
        span: &span::Attributes<'_>,
        _: &span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let _ = write!(self.0.lock().unwrap(), "{span:?}");
    }

    fn on_record(
        &self,
        _: &span::Id,
        values: &span::Record<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        let _ = write!(self.0.lock().unwrap(), "{values:?}");
    }
}

#[tokio::test]
async fn no_line_no_span_and_no_figure_has_it() {
    use tracing_subscriber::layer::SubscriberExt;
    let (seen, lines) = (Everything::default(), Arc::new(Mutex::new(Vec::new())));
    let _installed =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let written = Arc::clone(&lines);
    let log =
        middleware::Log::to(move |line| written.lock().unwrap().push(line.to_owned())).payloads();
    let server = Server::builder()
        .middleware(Trace::new())
        .middleware(Metrics::new())
        .middleware(log.clone())
        .serve(vault::serve(Vault))
        .bind("memory://no-line")
        .start()
        .await
        .unwrap();
    let client = Client::builder().middleware(Trace::new()).middleware(log);
    let client = client.connect("memory://no-line?codec=json").await.unwrap();
    for (payload, _) in wrong_payloads() {
        client.call_raw("vault/open", Body::new(payload)).await.unwrap_err();
    }
    let typed: vault::Client = client.typed().unwrap();
    client.call(open("ann")).await.unwrap_err();
    typed.count(vec![1, 2]).await.unwrap();
    server.broadcast(vault::Opened { at: 9, by_whom: 4711 }).await.unwrap();
    let lines = std::mem::take(&mut *lines.lock().unwrap());
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(has(r#"OK  {"of":[1,2]}"#), "{lines:#?}");
    assert!(has(r#"{"user":"ann",***}"#), "{lines:#?}");
    assert!(has(r#"{"at":9,***}"#), "{lines:#?}");
    let all = format!("{lines:#?} {}", seen.0.lock().unwrap());
    assert!(all.contains("vault/open"), "spans are seen");
    assert!(!all.contains(SECRET) && !all.contains("4711"), "{all}");
}
