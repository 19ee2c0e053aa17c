//! What is told over NATS, by a real engine.

use std::time::Duration;

use magicbutton::{Body, Client, Context, Reply, Server, nats::Nats};
use serde_json::json;

use super::{Table, certificates::Files, desk, nats_server, newer, server, start};

/// What else is served there.
struct Bench;

impl newer::bench::Service for Bench {
    async fn sit(&self, _: &Context) -> Reply<u32> {
        Ok(1)
    }
}

/// An engine that knows `ada`, who may hardly do anything.
const STRICT: &str = r#"
    max_payload: 4096
    authorization { users = [
        { user: server, password: s }
        { user: ada, password: a, permissions: {
            publish: { deny: ["mb.desk.v1.req.ring"] }, subscribe: ">" } }
        { user: eve, password: e, permissions: { publish: ">", subscribe: "nothing" } }
    ] }"#;

/// `None` where there is no engine.
pub(super) async fn faults() -> Option<Table> {
    let mut table = Table::titled(&["what was done", "code", "again?", "message"]);
    let none = Client::connect("nats://127.0.0.1:1").await;
    table.fault("no engine there", none);
    let option = Client::connect("nats://127.0.0.1:1/?colour=red").await;
    table.fault("an option that there is not", option);
    let inbox = Client::connect("nats://127.0.0.1:1/?inbox=a.*").await;
    table.fault("an inbox that is none", inbox);
    let creds = Client::connect("nats://127.0.0.1:1/?creds=no-such.creds").await;
    table.fault("a credentials file that there is not", creds);
    let engine = nats_server::start()?;
    table.fault("no server behind the engine", Client::connect(engine.url("")).await);
    let tls = Client::connect(engine.url("?tls=true")).await;
    table.fault("TLS with an engine that does not speak it", tls);
    let (last, at) = start(server(), &engine.url("")).await;
    let client: desk::Client = Client::connect(&at).await.unwrap().typed().unwrap();
    let raw = client.client();
    let emitted = raw.emit(desk::Paid { number: 1 }).await;
    table.fault("a client that emits a durable event", emitted);
    let read = raw.subscribe::<desk::Rang>().durable("bell").for_each(async |_| Ok(())).await;
    table.fault("a durable reader of an event that is not kept", read.map(drop));
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let stream = async_nats::jetstream::new(nats).get_stream("mb-desk-v1").await.unwrap();
    let config = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("bell".to_owned()),
        ..Default::default()
    };
    stream.create_consumer(config).await.unwrap();
    let read = raw.subscribe::<desk::Paid>().durable("bell").for_each(async |_| Ok(())).await;
    table.fault("a durable reader of other events than its name has", read.map(drop));
    drop(last);

    let files = Files::new();
    let (cert, key, ca) =
        (files.path("server.pem"), files.path("server.key"), files.path("ca.pem"));
    let engine = nats_server::start_with(&format!(
        "tls {{ cert_file: {cert:?}, key_file: {key:?}, ca_file: {ca:?}, verify: true, timeout: 5 }}"
    ))?;
    let trusting = |root: &str| Nats::new().root_certificates(files.path(root));
    for (did, transport) in [
        ("a certificate of an authority that is not trusted", trusting("stranger.pem")),
        ("no certificate for an engine that asks for one", trusting("ca.pem")),
    ] {
        let refused = Client::builder().transport(transport).connect(engine.url("")).await;
        table.fault(did, refused);
    }

    let engine = nats_server::start_with(STRICT)?;
    let of = |user: &str| format!("nats://{user}@127.0.0.1:{}/", engine.port);
    table.fault("a login that the engine refuses", Client::connect(of("ada:guess")).await);
    let (strict, _) = start(server(), &of("server:s")).await;
    table.fault("an inbox that the engine denies", Client::connect(of("eve:e")).await);
    let ada: desk::Client = Client::connect(of("ada:a")).await.unwrap().typed().unwrap();
    table.fault("a request that the engine denies", ada.ring("x".into()).await);
    let client: desk::Client = Client::connect(of("server:s")).await.unwrap().typed().unwrap();
    let large = client.ring("x".repeat(5_000)).await;
    table.fault("a request that is larger than the engine takes", large);
    table.fault("a reply that is larger than the engine takes", client.ring("much".into()).await);
    let bench = Server::builder().serve(newer::bench::serve(Bench)).bind(of("server:s"));
    let _bench = bench.start().await.unwrap();
    // It has heard of the other server, once that has heard of it.
    while client.client().call_raw("bench/sit", Body::new(json!({}))).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    strict.stop().await.unwrap();
    let left = client.ring("x".into()).await;
    table.fault("a request when the last server of its contract has left", left);
    Some(table)
}
