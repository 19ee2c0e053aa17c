//! What somebody may cost a server who was never told what it takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_nats::HeaderMap;
use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, Received, Server,
    auth::{Credentials, Login, LoginError},
};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{
    contract::{Done, depot, server},
    identity::{Vault, ask as ask_vault, said, vault, with},
    nats_server,
};

const FIND: &str = "mb.depot.v1.req.find";

async fn ask(nats: &async_nats::Client, headers: HeaderMap, payload: serde_json::Value) -> String {
    let payload = payload.to_string().into();
    let asked = nats.request_with_headers("mb.depot.v1.req.work", headers, payload);
    said(&timeout(Duration::from_secs(5), asked).await.unwrap().unwrap())
}

#[tokio::test]
async fn what_is_larger_than_a_server_takes_is_refused_whoever_sends_it() {
    let Some(engine) = nats_server::start() else { return };
    let (told, mut emitted) = tokio::sync::mpsc::unbounded_channel();
    let server = server("one", &Done::default()).limits(|limits| limits.max_message = 1_000).on(
        move |event: Received<depot::Arrived>| {
            let told = told.clone();
            async move {
                told.send(event.parcel.len()).unwrap();
                Ok(())
            }
        },
    );
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    for (size, is_taken) in [(5_000, false), (900, true)] {
        let parcel = "x".repeat(size);
        let payload = || json!({ "parcel": parcel }).to_string();
        let answer = nats.request(FIND, payload().into()).await.unwrap();
        assert_eq!(said(&answer) == "PAYLOAD_TOO_LARGE", !is_taken, "{size}");
        nats.publish("mb.depot.v1.emit.arrived", payload().into()).await.unwrap();
    }
    assert_eq!(timeout(Duration::from_secs(5), emitted.recv()).await.unwrap(), Some(900));
    let join = json!({ "clientId": "x".repeat(5_000), "connection": "x", "maxMessage": 1 });
    let inbox = nats.new_inbox();
    let mut answers = nats.subscribe(format!("{inbox}.join")).await.unwrap();
    let (door, payload) = ("mb.$sys.door.join", join.to_string());
    nats.publish_with_reply(door, format!("{inbox}.join"), payload.into()).await.unwrap();
    assert_eq!(said(&answers.next().await.unwrap()), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn an_answer_that_the_engine_does_not_take_is_an_error() {
    let Some(engine) = nats_server::start_with("max_payload: 4096") else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    // As large as the engine takes, with the header that names the codec; the reply has seven more bytes.
    let mut parcel = vec![0x91, 0xda, 0x0f, 0xd9];
    parcel.resize(4 + 0x0fd9, b'x');
    let asked = nats.request_with_headers(FIND, with("Mb-Codec", "msgpack"), parcel.into());
    let told = timeout(Duration::from_secs(3), asked).await.unwrap().unwrap();
    assert_eq!(said(&told), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn no_number_is_too_large() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let most = u64::MAX.to_string();
    let work = |number: u64| json!({ "number": number, "millis": 20 });
    for number in [&most, "99999999999999999999", "-1", "0x7", "", "1e9"] {
        let mut headers = with("Mb-Deadline", number);
        headers.insert("Mb-Login", number);
        assert_eq!(ask(&nats, headers, work(1)).await, "\"one\"", "{number:?}");
        let headers = with("Mb-Credit", number);
        let count = json!({ "limit": 0 }).to_string();
        let counting = nats.request_with_headers("mb.depot.v1.req.count", headers, count.into());
        let end = timeout(Duration::from_secs(5), counting).await.unwrap().unwrap();
        let status = end.headers.as_ref().and_then(|headers| headers.get("Mb-Status"));
        assert_eq!(status.map(|status| status.as_str()), Some("end"), "{number:?}");
    }
}

#[tokio::test]
async fn a_server_whose_engine_is_gone_stops_all_the_same() {
    let Some(mut engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let _client = Client::connect(engine.url("")).await.unwrap();
    engine.kill();
    timeout(Duration::from_secs(20), server.stop()).await.unwrap().unwrap();
}

/// Whoever shows a token is somebody for a moment.
fn briefly(credentials: Credentials) -> Result<Login, LoginError> {
    let Credentials::Token(token) = credentials else { return Err(LoginError::InvalidToken) };
    let expires_at = Some(SystemTime::now() + Duration::from_millis(300));
    Ok(Login { expires_at, ..Login::new(Actor::new(token)) })
}

#[tokio::test]
async fn who_shows_a_token_takes_no_place_of_a_client() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let server = Server::builder().serve(vault::serve(Vault)).max_clients(1).authenticator(briefly);
    let server = server.limits(|limits| limits.silence = Duration::from_secs(2));
    let server = server.bind(url.as_str()).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let nothing = || json!({});
    for token in 0..5 {
        let shown = with("Mb-Token", &token.to_string());
        let told = ask_vault(&nats, "whoami", shown, nothing()).await;
        assert_eq!(told, format!("\"{token}\""));
    }
    let client = Client::builder().limits(|limits| limits.heartbeat = Duration::from_millis(200));
    let _client = client.connect(url.as_str()).await.unwrap();
    assert_eq!(ask_vault(&nats, "whoami", with("Mb-Token", "x"), nothing()).await, "\"x\"");
    let full = Client::connect(url.as_str()).await.unwrap_err();
    assert!(full.message().contains("max_clients"), "{full}");
    let forgotten = async {
        while server.clients().len() > 1 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), forgotten).await.expect("tokens of long ago are forgotten");
}

#[tokio::test]
async fn of_who_has_not_joined_nobody_is_told_that_they_are_there() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _server = server("one", &Done::default()).bind(url.as_str()).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let base = nats.new_inbox();
    let mut answers = nats.subscribe(format!("{base}.*")).await.unwrap();
    let mut heard = nats.subscribe("mb.$to.watcher.x.evt").await.unwrap();
    let join = json!({ "clientId": "watcher", "connection": "x", "maxMessage": 1_000_000 });
    let (door, payload) = ("mb.$sys.door.join", join.to_string().into());
    nats.publish_with_reply(door, format!("{base}.join"), payload).await.unwrap();
    let joined: serde_json::Value =
        serde_json::from_str(&said(&answers.next().await.unwrap())).unwrap();
    let own = format!("mb.$sys.srv.{}.req", joined["instance"].as_str().unwrap());
    let (headers, reply) = (with("Mb-Name", "$subscribe"), format!("{base}.mb_0_1"));
    let wanted = json!({ "events": ["$connected", "$disconnected"] }).to_string().into();
    nats.publish_with_reply_and_headers(own, reply, headers, wanted).await.unwrap();
    answers.next().await.unwrap();
    // Refused, as this server takes no logins; and a stranger.
    let work = json!({ "number": 1, "millis": 0 });
    assert_eq!(ask(&nats, with("Mb-Token", "x"), work.clone()).await, "INVALID_CREDENTIALS");
    assert_eq!(ask(&nats, HeaderMap::new(), work).await, "\"one\"");
    let _client = Client::builder().id("bob").connect(url.as_str()).await.unwrap();
    let told = timeout(Duration::from_secs(5), heard.next()).await.unwrap().unwrap();
    assert!(said(&told).contains("bob"), "{}", said(&told));
}

#[tokio::test]
async fn what_is_too_large_waits_for_no_authenticator() {
    let Some(engine) = nats_server::start() else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let server = Server::builder().serve(vault::serve(Vault)).authenticator(move |credentials| {
        counted.fetch_add(1, Ordering::SeqCst);
        briefly(credentials)
    });
    let server = server.limits(|limits| limits.max_message = 1_000);
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let order = json!({ "order": "x".repeat(5_000) });
    let (subject, payload) = ("mb.vault.v1.emit.opened", order.to_string().into());
    nats.publish_with_headers(subject, with("Mb-Token", "eve"), payload).await.unwrap();
    let told = ask_vault(&nats, "echo", with("Mb-Token", "eve"), order).await;
    assert_eq!((&*told, asked.load(Ordering::SeqCst)), ("PAYLOAD_TOO_LARGE", 0));
    ask_vault(&nats, "whoami", with("Mb-Token", "eve"), json!({})).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
