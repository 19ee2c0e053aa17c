//! How long a server waits for those who give no sign of life: a stream that nobody takes more of ends,
//! and says why, without being asked.

use std::time::Duration;

use async_nats::{HeaderMap, Subscriber};
use futures_util::{FutureExt, StreamExt};
use magicbutton::{Actor, Server, auth::Login};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{
    contract::{Done, server},
    identity::{said, serve, with},
    nats_server,
};

const COUNT: &str = "mb.depot.v1.req.count";
const WATCH: &str = "mb.vault.v1.req.watch";

async fn brief(url: &str) -> Server {
    let server = server("one", &Done::default()).limits(|limits| {
        limits.silence = Duration::from_millis(500);
        limits.in_flight = 1;
    });
    server.bind(url).start().await.unwrap()
}

/// Opens a stream by hand.
async fn open(nats: &async_nats::Client, subject: &'static str, headers: HeaderMap) -> Subscriber {
    let inbox = nats.new_inbox();
    let items = nats.subscribe(inbox.clone()).await.unwrap();
    let payload = json!({ "limit": 9 }).to_string().into();
    nats.publish_with_reply_and_headers(subject, inbox, headers, payload).await.unwrap();
    items
}

async fn next(items: &mut Subscriber) -> String {
    said(&timeout(Duration::from_secs(3), items.next()).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_stream_that_nobody_takes_more_of_makes_room_for_others() {
    let Some(engine) = nats_server::start() else { return };
    let _server = brief(&engine.url("")).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    let mut first = open(&eve, COUNT, with("Mb-Credit", "1")).await;
    assert_eq!(next(&mut first).await, "0");
    let mut second = open(&eve, COUNT, with("Mb-Credit", "1")).await;
    assert_eq!(next(&mut second).await, "RATE_LIMIT_EXCEEDED");
    assert_eq!(next(&mut first).await, "TIMEOUT");
    let mut third = open(&eve, COUNT, with("Mb-Credit", "1")).await;
    assert_eq!(next(&mut third).await, "0");
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_say_ends_unless_its_reader_does() {
    let Some(engine) = nats_server::start() else { return };
    let server = Server::builder().serve(crate::identity::vault::serve(crate::identity::Vault));
    let server = server.limits(|limits| limits.silence = Duration::from_secs(1));
    let server = server.authenticator(|_| Ok(Login::new(owner())));
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let bob = async_nats::connect(engine.address()).await.unwrap();
    let watch = async || {
        let (inbox, mut headers) = (bob.new_inbox(), with("Mb-Token", "t-bob"));
        headers.insert("Mb-Credit", "10");
        let mut items = bob.subscribe(inbox.clone()).await.unwrap();
        let sent = bob.publish_with_reply_and_headers(WATCH, inbox.clone(), headers, "{}".into());
        sent.await.unwrap();
        let item = timeout(Duration::from_secs(3), items.next()).await.unwrap().unwrap();
        let server = item.headers.unwrap().get("Mb-Server").unwrap().to_string();
        (items, inbox, format!("mb.$sys.srv.{server}.credit"))
    };
    let ((mut silent, ..), (mut lively, inbox, credit)) = (watch().await, watch().await);
    for _ in 0..10 {
        bob.publish_with_reply(credit.clone(), inbox.clone(), "0".into()).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(next(&mut silent).await, "TIMEOUT");
    assert!(lively.next().now_or_never().is_none(), "it has a reader");
    assert_eq!(next(&mut lively).await, "TIMEOUT");
}

fn owner() -> Actor {
    Actor { roles: vec!["owner".into()], ..Actor::new("bob") }
}

#[tokio::test]
async fn time_that_is_over_is_over_whoever_waits() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _server = server("one", &Done::default()).bind(url).start().await.unwrap();
    let eve = async_nats::connect(engine.address()).await.unwrap();
    let mut headers = with("Mb-Credit", "0");
    headers.insert("Mb-Deadline", "200");
    assert_eq!(next(&mut open(&eve, COUNT, headers).await).await, "TIMEOUT");
    let (subject, payload) = ("mb.depot.v1.req.work", json!({ "number": 1, "millis": 60_000 }));
    let headers = with("Mb-Deadline", "200");
    let asked = eve.request_with_headers(subject, headers, payload.to_string().into());
    assert_eq!(said(&timeout(Duration::from_secs(3), asked).await.unwrap().unwrap()), "TIMEOUT");
}

#[tokio::test]
async fn a_refusal_waits_for_nobody() {
    let Some(engine) = nats_server::start() else { return };
    let (_server, _) = serve(&engine.url("")).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    let mut items = open(&eve, WATCH, with("Mb-Credit", "0")).await;
    assert_eq!(next(&mut items).await, "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn a_token_that_is_forgotten_ends_its_streams() {
    let Some(engine) = nats_server::start() else { return };
    let (server, _) = serve(&engine.url("")).await;
    let bob = async_nats::connect(engine.address()).await.unwrap();
    let mut headers = with("Mb-Token", "t-bob");
    headers.insert("Mb-Credit", "1");
    let mut items = open(&bob, WATCH, headers).await;
    assert_eq!(next(&mut items).await, "1");
    let logout = with("Mb-Token", "t-bob");
    bob.publish_with_headers("mb.$sys.all.logout", logout, "".into()).await.unwrap();
    assert_eq!(next(&mut items).await, "UNAVAILABLE");
    assert_eq!(server.clients().len(), 0);
}
