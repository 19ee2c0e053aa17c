//! Programs that know NATS and nothing of magicbutton.

use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::{
    contract::{Done, depot, server},
    nats_server,
};

async fn gather(nats: &async_nats::Client, subject: &str) -> Vec<Value> {
    let inbox = nats.new_inbox();
    let mut answers = nats.subscribe(inbox.clone()).await.unwrap();
    nats.publish_with_reply(subject.to_owned(), inbox, "".into()).await.unwrap();
    let mut all = Vec::new();
    while let Ok(Some(answer)) =
        tokio::time::timeout(Duration::from_millis(300), answers.next()).await
    {
        // Nobody listens at all.
        if answer.status.is_some() {
            break;
        }
        all.push(serde_json::from_slice(&answer.payload).unwrap());
    }
    all
}

#[tokio::test]
async fn a_foreign_client_calls_a_request_and_reads_the_typed_error() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();

    let found = nats
        .request("mb.depot.v1.req.find", json!({ "parcel": "p-1" }).to_string().into())
        .await
        .unwrap();
    assert_eq!(found.payload, r#""p-1 is here""#);
    assert!(found.headers.is_none(), "a reply is its body and nothing else");

    let lost = nats
        .request("mb.depot.v1.req.find", json!({ "parcel": "lost" }).to_string().into())
        .await
        .unwrap();
    let headers = lost.headers.unwrap();
    assert_eq!(headers.get("Nats-Service-Error").unwrap().as_str(), "NO_PARCEL: no parcel lost");
    assert_eq!(headers.get("Nats-Service-Error-Code").unwrap().as_str(), "404");
    assert_eq!(headers.get("Mb-Error").unwrap().as_str(), "NO_PARCEL");
    let error: Value = serde_json::from_slice(&lost.payload).unwrap();
    assert_eq!(error["details"], json!({ "parcel": "lost" }));
    assert_eq!(error["status"], 404);

    // Wherever the answer is to go.
    let mut answers = nats.subscribe("answers").await.unwrap();
    let payload = json!({ "parcel": "p-2" }).to_string();
    nats.publish_with_reply("mb.depot.v1.req.find", "answers", payload.into()).await.unwrap();
    assert_eq!(answers.next().await.unwrap().payload, r#""p-2 is here""#);

    // An error's text cannot break out of its line.
    let lost = nats
        .request("mb.depot.v1.req.find", json!({ "parcel": "lost\r\n" }).to_string().into())
        .await
        .unwrap();
    assert!(!lost.headers.unwrap().get("Nats-Service-Error").unwrap().as_str().contains('\n'));

    // What it does not know, and what is no JSON.
    for (subject, payload, code) in [
        ("mb.depot.v1.req.fly", "{}", "404"),
        ("mb.depot.v1.req.find", "nonsense", "400"),
        ("mb.depot.v1.req.count", r#"{"limit":1}"#, "400"),
    ] {
        let refused = nats.request(subject, payload.into()).await.unwrap();
        let headers = refused.headers.unwrap();
        assert_eq!(headers.get("Nats-Service-Error-Code").unwrap().as_str(), code, "{subject}");
    }
}

#[tokio::test]
async fn a_foreign_client_reads_a_stream_by_credits() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let inbox = nats.new_inbox();
    let mut items = nats.subscribe(inbox.clone()).await.unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("Mb-Credit", "2");
    let (subject, payload) = ("mb.depot.v1.req.count", r#"{"limit":3}"#);
    nats.publish_with_reply_and_headers(subject, inbox.clone(), headers, payload.into())
        .await
        .unwrap();
    let first = items.next().await.unwrap();
    assert_eq!(first.payload, "0");
    let from = first.headers.unwrap().get("Mb-Server").unwrap().as_str().to_owned();
    assert_eq!(items.next().await.unwrap().payload, "1");
    let quiet = tokio::time::timeout(Duration::from_millis(100), items.next()).await;
    assert!(quiet.is_err(), "no credit, no item");
    let credit = format!("mb.$sys.srv.{from}.credit");
    nats.publish_with_reply(credit, inbox, "10".into()).await.unwrap();
    assert_eq!(items.next().await.unwrap().payload, "2");
    let end = items.next().await.unwrap();
    assert_eq!(end.headers.unwrap().get("Mb-Status").unwrap().as_str(), "end");
}

#[tokio::test]
async fn standard_tools_list_describe_and_measure_a_service() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    for parcel in ["p-1", "lost"] {
        let payload = json!({ "parcel": parcel }).to_string();
        nats.request("mb.depot.v1.req.find", payload.into()).await.unwrap();
    }

    let pings = gather(&nats, "$SRV.PING").await;
    assert_eq!(pings.len(), 1);
    assert_eq!(pings[0]["type"], "io.nats.micro.v1.ping_response");
    let id = pings[0]["id"].as_str().unwrap();

    let infos = gather(&nats, "$SRV.INFO.depot").await;
    let info = &infos[0];
    assert_eq!(info["type"], "io.nats.micro.v1.info_response");
    assert_eq!((&info["name"], &info["version"]), (&json!("depot"), &json!("1.2.0")));
    let fingerprint = format!("{:016x}", depot::CONTRACT.fingerprint);
    assert_eq!(info["metadata"]["contract"], "depot");
    assert_eq!(info["metadata"]["version"], "1.2.0");
    assert_eq!(info["metadata"]["fingerprint"], fingerprint);
    let find = info["endpoints"].as_array().unwrap().iter().find(|e| e["name"] == "find").unwrap();
    assert_eq!(find["subject"], "mb.depot.v1.req.find");
    assert_eq!(find["queue_group"], "depot");

    let stats = gather(&nats, &format!("$SRV.STATS.depot.{id}")).await;
    assert_eq!(stats[0]["type"], "io.nats.micro.v1.stats_response");
    let endpoints = stats[0]["endpoints"].as_array().unwrap();
    let find = endpoints.iter().find(|endpoint| endpoint["name"] == "find").unwrap();
    assert_eq!((&find["num_requests"], &find["num_errors"]), (&json!(2), &json!(1)));
    assert_eq!(find["last_error"], "NO_PARCEL");
    assert!(find["processing_time"].as_u64().unwrap() > 0);

    // Asked for somebody else, for nothing that there is, or without a place to answer to.
    assert!(gather(&nats, "$SRV.INFO.other").await.is_empty());
    assert!(gather(&nats, "$SRV.NONSENSE").await.is_empty());
    nats.publish("$SRV.INFO", "".into()).await.unwrap();
    nats.publish("$SRV.PING.depot", "".into()).await.unwrap();
    assert_eq!(gather(&nats, "$SRV.PING").await.len(), 1, "it lives on");

    server.stop().await.unwrap();
    assert!(gather(&nats, "$SRV.PING").await.is_empty(), "a stopped server is not listed");
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let Some(engine) = nats_server::start() else { return };
    let began = std::time::Instant::now();
    let refused = magicbutton::Client::connect(engine.url("")).await.unwrap_err();
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert!(refused.is_retryable() && !refused.may_have_run());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_event_is_one_message_that_anybody_may_hear() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let mut all = nats.subscribe("mb.>").await.unwrap();
    nats.flush().await.unwrap();
    for _ in 0..3 {
        magicbutton::Client::connect(engine.url("")).await.unwrap();
    }
    server.broadcast(depot::Arrived { parcel: "p-1".into() }).await.unwrap();
    // One that has more to say, as it was caused by a call.
    let call = json!({ "parcel": "p-2" }).to_string();
    nats.request("mb.depot.v1.req.announce", call.into()).await.unwrap();
    let mut events = Vec::new();
    let hearing = async {
        while events.len() < 2 {
            let message = all.next().await.unwrap();
            if message.subject.contains(".evt.") {
                events.push(message);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), hearing).await.unwrap();
    for (event, parcel) in events.iter().zip(["p-1", "p-2"]) {
        assert_eq!(event.subject.as_str(), "mb.depot.v1.evt.arrived");
        assert_eq!(event.payload, format!(r#"{{"parcel":"{parcel}"}}"#));
    }
    assert!(events[0].headers.is_none(), "nothing is said that goes without saying");
    let headers = events[1].headers.as_ref().unwrap();
    let stamp = format!("depot/1.2.0/{:016x}", depot::CONTRACT.fingerprint);
    assert_eq!(headers.get("Mb-Contract").unwrap().as_str(), stamp);
    assert!(headers.get("traceparent").unwrap().as_str().starts_with("00-"));
    let context: Value = serde_json::from_str(headers.get("Mb-Context").unwrap().as_str()).unwrap();
    assert_eq!(context["source"], "one");
}
