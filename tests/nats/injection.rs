//! Hostile names, ids and values, on the evidence of every message that crosses the engine.

use std::time::Duration;

use futures_util::StreamExt;
use magicbutton::{Auth, Body, Client, Context, Failure, FaultKind};
use serde_json::json;

use crate::{
    contract::{Done, depot, server},
    nats_server,
};

/// What a hostile caller may come up with.
fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "a b",
        "a.b",
        "*",
        ">",
        "a.*.>",
        "\r\n",
        "x\r\nPUB evil.subject 0\r\n\r\n",
        "x 1\r\nSUB > 99\r\n",
        "\0\u{1}",
        "世界 👩",
        "..",
        "$SYS.REQ",
        "depot.v1.req.find",
    ]
    .map(str::to_owned)
    .into();
    all.push("x".repeat(10_240));
    all
}

/// Every subject that the engine carries while something is done.
struct Wire {
    nats: async_nats::Client,
    all: async_nats::Subscriber,
}

impl Wire {
    async fn tap(engine: &nats_server::NatsServer) -> Self {
        let nats = async_nats::connect(engine.address()).await.unwrap();
        let all = nats.subscribe(">").await.unwrap();
        let mut wire = Self { nats, all };
        // What it hears of itself, the engine has begun to copy.
        wire.heard().await;
        wire
    }

    /// What has come by now.
    async fn heard(&mut self) -> Vec<async_nats::Message> {
        self.nats.publish("the.end", "".into()).await.unwrap();
        let mut heard = Vec::new();
        while let Some(message) = self.all.next().await {
            if message.subject.as_str() == "the.end" {
                break;
            }
            heard.push(message);
        }
        heard
    }
}

/// Only what this transport says, and nothing of it shaped by a caller.
fn check(heard: &[async_nats::Message]) {
    assert!(!heard.is_empty(), "nothing was heard: the test sees nothing");
    for message in heard {
        let subject = message.subject.as_str();
        let known = subject.starts_with("mb.") || subject.starts_with("_INBOX.");
        assert!(known, "somebody spoke on {subject:?}");
        assert!(!subject.starts_with("evil") && !subject.contains(".subject"), "{subject:?}");
        for token in subject.split('.') {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
            assert!(!token.is_empty() && token.bytes().all(plain), "{subject:?}");
        }
        for (name, values) in message.headers.iter().flat_map(|headers| headers.iter()) {
            let name = name.to_string();
            assert!(name.starts_with("Mb-") || name.starts_with("Nats-") || name == "traceparent");
            assert_eq!(values.len(), 1, "{name} was said twice");
            assert!(!values[0].as_str().contains(['\r', '\n']), "{name}");
        }
    }
}

#[tokio::test]
async fn no_request_name_leaves_its_place() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let mut wire = Wire::tap(&engine).await;
    for name in hostile() {
        for name in [name.clone(), format!("depot/{name}"), format!("{name}/find")] {
            let told = client.call_raw(&name, Body::new(json!({}))).await.unwrap_err();
            let Failure::Fault(told) = told else { panic!("{told} is no fault") };
            assert_eq!(told.kind(), FaultKind::UnknownRequest, "{name:?}");
        }
    }
    check(&wire.heard().await);
    let client: depot::Client = client.typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}

#[tokio::test]
async fn no_client_id_leaves_its_place() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let mut wire = Wire::tap(&engine).await;
    for id in hostile() {
        let connected = Client::builder().id(id.as_str()).connect(engine.url("")).await;
        if id.len() > 256 {
            assert_eq!(connected.unwrap_err().kind(), FaultKind::ValidationFailed);
            continue;
        }
        let client = connected.unwrap();
        assert_eq!(client.id(), id);
        let mut events = client.subscribe::<depot::Arrived>().await.unwrap();
        server.send_to(&id, depot::Arrived { parcel: id.clone() }).await.unwrap();
        assert_eq!(events.next().await.unwrap().parcel, id);
    }
    check(&wire.heard().await);
}

#[tokio::test]
async fn no_value_of_a_context_leaves_its_line() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let client: depot::Client = client.typed().unwrap();
    let mut wire = Wire::tap(&engine).await;
    for text in hostile() {
        let auth = Auth { token: Some(text.clone()), actor: None };
        let context = Context::new()
            .with_id(text.as_str())
            .with_target(text.as_str())
            .with_metadata(text.as_str(), text.as_str())
            .with_trace_id(&text)
            .with_auth(auth);
        let found = client.find("p".into()).context(context).await.unwrap();
        assert_eq!(found, "p is here");
    }
    check(&wire.heard().await);
}

#[tokio::test]
async fn no_path_of_a_connection_string_is_a_wildcard() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("*")).start().await.unwrap();
    let other = server("two", &Done::default()).bind(engine.url("other")).start().await.unwrap();
    let client = Client::connect(engine.url("*")).await.unwrap();
    assert_eq!(client.server_id().as_deref(), Some("one"));
    tokio::time::timeout(Duration::from_secs(1), client.call_raw("$ping", Body::new(json!({}))))
        .await
        .unwrap()
        .unwrap();
    assert!(other.clients().is_empty());
}

/// What may stand beside a message of somebody who wants to do harm.
fn hostile_headers() -> Vec<(&'static str, String)> {
    let deep = "[".repeat(10_000);
    let mut headers: Vec<(&str, String)> = [
        "Mb-Context",
        "Mb-Deadline",
        "Mb-Codec",
        "Mb-Credit",
        "Mb-Name",
        "Mb-From",
        "Mb-Server",
        "Mb-Status",
        "Mb-Error",
        "Mb-Token",
        "Nats-Msg-Id",
        "traceparent",
    ]
    .into_iter()
    .flat_map(|name| {
        let huge = ["9".repeat(400), u64::MAX.to_string(), deep.clone()];
        let small = ["", "null", "{}", "-1", "msgpack", "$login", "世界"].map(str::to_owned);
        huge.into_iter().chain(small).map(move |value| (name, value))
    })
    .collect();
    headers.push(("Mb-Context", r#"{"deadlineMs":18446744073709551615,"id":7}"#.to_owned()));
    headers.push(("X", "y".repeat(200_000)));
    headers
}

#[tokio::test]
async fn no_message_of_a_stranger_ends_a_server_or_a_client() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::builder().id("ada").connect(engine.url("")).await.unwrap();
    let depot: depot::Client = client.typed().unwrap();
    let mut events = client.subscribe::<depot::Arrived>().await.unwrap();
    let mut wire = Wire::tap(&engine).await;
    server.send_to("ada", depot::Arrived { parcel: "first".into() }).await.unwrap();
    assert_eq!(events.next().await.unwrap().parcel, "first");
    depot.find("p".into()).await.unwrap();
    let heard = wire.heard().await;
    let to = heard.iter().find(|message| message.subject.starts_with("mb.$to.ada.")).unwrap();
    let to = to.subject.strip_suffix(".evt").unwrap().to_owned();
    let asked = heard.iter().find(|message| message.subject.ends_with(".req.find")).unwrap();
    let (reply, nats) = (asked.reply.clone().unwrap(), wire.nats.clone());
    let subjects = [
        "mb.depot.v1.req.find".to_owned(),
        "mb.depot.v1.req.count".to_owned(),
        "mb.depot.v1.emit.arrived".to_owned(),
        "mb.depot.v1.evt.arrived".to_owned(),
        "mb.$sys.any".to_owned(),
        "mb.$sys.all.logout".to_owned(),
        "$SRV.INFO".to_owned(),
        format!("{to}.evt"),
        format!("{to}.do.req"),
        format!("{to}.do.credit"),
        // An answer once more, and one that nobody waits for.
        reply.to_string(),
        reply.replace("mb_", "mb_ffffffffffffffff"),
    ];
    for subject in &subjects {
        for (name, value) in hostile_headers() {
            let mut map = async_nats::HeaderMap::new();
            map.insert(name, value.as_str());
            for payload in ["", "{}", "[[["] {
                let (at, map) = (subject.clone(), map.clone());
                nats.publish_with_headers(at.clone(), map.clone(), payload.into()).await.unwrap();
                let reply = "_INBOX.eve.mb_0_0_ffffffffffffffff";
                nats.publish_with_reply_and_headers(at, reply, map, payload.into()).await.unwrap();
            }
        }
    }
    nats.flush().await.unwrap();
    let found =
        tokio::time::timeout(Duration::from_secs(20), depot.find("p".into())).await.unwrap();
    assert_eq!(found.unwrap(), "p is here");
    server.broadcast(depot::Arrived { parcel: "last".into() }).await.unwrap();
    let last = async { while events.next().await.unwrap().parcel != "last" {} };
    tokio::time::timeout(Duration::from_secs(20), last).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stranger_who_speaks_the_system_s_subjects_harms_nobody() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let client: depot::Client = client.typed().unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let junk = ["", "{}", "null", "\u{0}", "[[[[", r#"{"clientId":7}"#];
    for subject in [
        "door.join",
        "door.who",
        "all.beat",
        "all.cancel",
        "all.leave",
        "any",
        "clients.up",
        "evt.x",
        "evt._zz",
        "door.x",
        "srv.x.credit",
    ] {
        for payload in junk {
            let subject = format!("mb.$sys.{subject}");
            nats.publish(subject.clone(), payload.into()).await.unwrap();
            for reply in ["x", "a.b", "mb_0_0", "_INBOX.x.mb_0_0"] {
                nats.publish_with_reply(subject.clone(), reply, payload.into()).await.unwrap();
            }
        }
    }
    for headers in [
        ("Mb-Context", "{"),
        ("Mb-Codec", "evil"),
        ("Mb-Deadline", "-1"),
        ("Mb-Credit", "99999999999999999999"),
        ("traceparent", "00-x-y-01"),
    ] {
        let mut map = async_nats::HeaderMap::new();
        map.insert(headers.0, headers.1);
        let subject = "mb.depot.v1.req.find";
        let payload = r#"{"parcel":"p"}"#;
        let _ = nats.request_with_headers(subject, map, payload.into()).await;
    }
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}
