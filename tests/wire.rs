//! The wire format, spoken by hand: every frame here is written as the format's page writes it, by
//! a client that shares no code with this library.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too"
)]

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;
#[path = "wire/sessions.rs"]
mod sessions;

use std::time::Duration;

use by_hand::{ByHand, soon};
use common::{Stage, ThingMade, ThingScrapped, Workshop, workshop};
use magicbutton::{Context, Failure, Reply, Server, contract};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

contract!(
    /// What a server asks of its clients.
    #[contract(version = "1.0.0")]
    pub mod screen {
        #[error]
        enum ScreenError {
            #[error(status = 409, message = "{what} is covered")]
            Covered { what: String },
        }

        /// Shows something, and says how many can see it.
        #[request]
        async fn show(what: String) -> Result<u32, ScreenError>;
    }
);

contract!(
    /// A door that lets the server ask whoever has asked it.
    #[contract(version = "1.0.0")]
    pub mod door {
        /// Asks the caller to show something.
        #[request]
        async fn ask_back(what: String) -> String;
    }
);

struct Door;

impl door::Service for Door {
    async fn ask_back(&self, cx: &Context, what: String) -> Reply<String> {
        let screen = cx.require_caller()?.client::<screen::Client>()?;
        Ok(match screen.show(what).await {
            Ok(seen) => format!("{seen} saw it"),
            Err(Failure::Declared(screen::ScreenError::Covered { what })) => {
                format!("{what} was covered")
            }
            Err(Failure::Fault(fault)) => {
                format!("{} {} {}", fault.code(), fault.status(), fault.is_retryable())
            }
        })
    }
}

async fn server() -> Server {
    builder().start().await.unwrap()
}

fn builder() -> magicbutton::ServerBuilder {
    Server::builder()
        .id("bench")
        .serve(workshop::serve(Workshop::default()))
        .serve(door::serve(Door))
        .bind("ws://127.0.0.1:0/workshop")
}

async fn by_hand(server: &Server) -> ByHand {
    ByHand::connect(&server.endpoints()[0]).await
}

fn made(thing_id: &str) -> ThingMade {
    ThingMade { thing_id: thing_id.into(), stage: Stage::Planned }
}

fn scrapped(thing_id: &str) -> ThingScrapped {
    ThingScrapped { thing_id: thing_id.into() }
}

fn names(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_is_answered_as_the_format_says() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    client
        .send_text(
            r#"{"type":"request","requestId":"r-1","requestType":"makeThing","payload":{"thingId":"t-1","tags":[{"key":"k","value":1}]},"context":{"traceId":"0af7651916cd43dd8448eb211c80319c"}}"#,
        )
        .await;
    let answered = client.response("r-1").await;
    assert_eq!(
        answered.response,
        json!({
            "type": "response", "requestId": "r-1", "success": true,
            "data": { "thingId": "t-1", "stage": "planned", "tags": [{ "key": "k", "value": 1 }] },
        })
    );
    // It never subscribed, so it also hears of what it has done itself, by the bare name.
    let event = &answered.before[0];
    assert_eq!(event["event"], "thingMade");
    assert_eq!(event["payload"], json!({ "thingId": "t-1", "stage": "planned" }));
    assert_eq!(event["context"]["source"], "bench");
    assert_eq!(event["context"]["traceId"], "0af7651916cd43dd8448eb211c80319c");
    // By its full name it is the same request.
    let thing = client.data("workshop/makeThing", json!({ "thingId": "t-2", "tags": [] })).await;
    assert_eq!(thing["thingId"], "t-2");
}

#[tokio::test]
async fn what_nobody_serves_and_what_is_declared_are_told_apart() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let unknown = client.error("makeTea", json!({})).await;
    assert_eq!(unknown["code"], "UNKNOWN_REQUEST_TYPE");
    assert_eq!((&unknown["status"], &unknown["retryable"]), (&json!(404), &json!(false)));
    assert_eq!(client.code("$dance", json!({})).await, "UNKNOWN_REQUEST_TYPE");
    assert_eq!(
        client.error("fail", json!({ "how": "declared" })).await,
        json!({
            "code": "THING_NOT_FOUND", "message": "thing t-1 not found",
            "details": { "thingId": "t-1" }, "status": 404, "retryable": false,
        })
    );
    let closed = client.error("fail", json!({ "how": "unit" })).await;
    assert_eq!((&closed["status"], &closed["retryable"]), (&json!(503), &json!(true)));
    for how in ["panic", "io"] {
        let internal = client.error("fail", json!({ "how": how })).await;
        assert_eq!(internal["code"], "INTERNAL_SERVER_ERROR");
        assert!(!internal.to_string().contains("swordfish"), "{internal}");
    }
    let wrong = client.error("makeThing", json!({ "thingId": 7 })).await;
    assert_eq!(wrong["code"], "VALIDATION_FAILED");
    assert_eq!(wrong["details"]["violations"][0]["path"], "thingId");
}

#[tokio::test]
async fn an_id_is_any_string_and_comes_back_as_it_was() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let long = "x".repeat(100_000);
    for id in ["", "0", "-1", "18446744073709551616", "ré\u{1f600}\u{0}\n\t\"\\", "a/b c", &long] {
        client
            .send(json!({ "type": "request", "requestId": id, "requestType": "lookAround" }))
            .await;
        assert_eq!(client.response(id).await.response["success"], true);
    }
    // Written with escapes that are not needed, it is the same string.
    client
        .send_text(r#"{"type":"request","requestId":"\u0061\u00e9\/","requestType":"$ping"}"#)
        .await;
    client.response("aé/").await;
}

#[tokio::test]
async fn what_is_not_known_is_ignored_and_what_is_not_there_is_not_missed() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    client
        .send_text(
            r#" { "later" : [{}] , "requestId":"1", "requestType":"lookAround", "payload":{"more":1},
                "context":{"later":{"a":[1]},"metadata":{"color":"red"}}, "type" : "request", "n":7 } "#,
        )
        .await;
    let looked = client.response("1").await.response;
    assert!(looked["data"].as_array().unwrap().contains(&json!("red")), "{looked}");
    // No payload at all, and one that is null.
    client.send_text(r#"{"type":"request","requestId":"2","requestType":"lookAround"}"#).await;
    assert_eq!(client.response("2").await.response["success"], true);
    client
        .send_text(
            r#"{"type":"request","requestId":"3","requestType":"$serverInfo","payload":null}"#,
        )
        .await;
    assert_eq!(client.response("3").await.response["success"], true);
}

#[tokio::test]
async fn who_a_client_is_it_does_not_say_itself() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let context = json!({
        "source": "somebody-else", "target": "bench", "id": "m-1",
        "auth": { "token": "t", "actor": { "id": "root", "type": "user", "roles": ["admin"],
                  "permissions": ["thing:*"] } },
    });
    client
        .send(json!({ "type": "request", "requestId": "1", "requestType": "lookAround",
                      "payload": {}, "context": context }))
        .await;
    let seen = client.response("1").await.response["data"].clone();
    let me = server.clients()[0].client_id.clone();
    assert_eq!(seen[0], json!(me), "the source is the connection's");
    assert_eq!(seen[7], "t");
    assert_eq!(seen[8], "-", "an actor is not what a client writes");
    assert_eq!(seen[9], "bench");
}

#[tokio::test]
async fn registering_answers_every_field_and_may_be_repeated() {
    let server =
        builder().limits(|limits| limits.silence = Duration::from_secs(45)).start().await.unwrap();
    let mut client = by_hand(&server).await;
    let anonymous = server.clients()[0].client_id.clone();
    assert!(anonymous.starts_with("anonymous-"), "{anonymous}");
    let hello = json!({
        "clientId": "web-1", "clientType": "web", "capabilities": ["dance"],
        "metadata": { "region": "eu" }, "unknown": true,
    });
    let reply = client.data("$register", hello.clone()).await;
    assert_eq!(reply["success"], true);
    assert_eq!(reply["serverId"], "bench");
    assert_eq!(reply["ttl"], 45);
    assert!(reply["serverTime"].as_u64().unwrap() > 1_700_000_000_000);
    let info = &server.clients()[0];
    assert_eq!(reply["connectionId"], json!(info.connection_id));
    assert_eq!((&*info.client_id, &*info.kind), ("web-1", "web"));
    assert_eq!(info.capabilities, ["dance"]);
    assert_eq!(info.metadata["region"], "eu");
    let seen = client.data("lookAround", json!({})).await;
    assert_eq!(seen[0], "web-1");
    // Once more is the same; as somebody else it is refused, and changes nothing.
    let again = client.data("$register", hello).await;
    assert_eq!(again["connectionId"], reply["connectionId"]);
    let other =
        client.error("$register", json!({ "clientId": "web-2", "clientType": "web" })).await;
    assert_eq!(other["code"], "VALIDATION_FAILED");
    assert_eq!(server.clients()[0].client_id, "web-1");
    for bad in [json!(""), json!("x".repeat(257)), json!(7)] {
        assert_eq!(client.code("$register", json!({ "clientId": bad })).await, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn contracts_that_a_client_names_are_compared() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let contracts = json!([
        { "name": "workshop", "version": "1.9.0", "fingerprint": "0" },
        { "name": "workshop", "version": "2.0.0", "fingerprint": 7 },
        { "name": "bakery", "version": "1.0.0" },
    ]);
    let reply = client.data("$register", json!({ "clientId": "a", "contracts": contracts })).await;
    let told: Vec<_> = reply["contracts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| (told["name"].as_str().unwrap(), &told["served"], &told["compatible"]))
        .collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(told, [("workshop", yes, yes), ("workshop", yes, no), ("bakery", no, no)]);
    assert_eq!(reply["contracts"][0]["version"], "1.2.3");
}

#[tokio::test]
async fn a_ping_echoes_whatever_it_is_given() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    for timestamp in [json!(1_700_000_000_000_u64), json!("now"), json!(1.5), json!({ "a": [1] })] {
        let pong = client.data("$ping", json!({ "timestamp": timestamp, "payload": [1, 2] })).await;
        assert_eq!(pong["timestamp"], timestamp);
        assert_eq!(pong["echo"], json!([1, 2]));
        assert!(pong["serverTime"].is_u64());
    }
    let bare = client.data("$ping", json!({})).await;
    assert_eq!(bare.as_object().unwrap().len(), 1, "{bare}");
}

#[tokio::test]
async fn a_server_says_what_it_is() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let _other = by_hand(&server).await;
    while server.clients().len() < 2 {
        tokio::task::yield_now().await;
    }
    let info = client.data("$serverInfo", json!({})).await;
    assert_eq!(info["serverId"], "bench");
    assert_eq!(info["connectedClients"], 2);
    assert!(info["version"].is_string() && info["uptime"].is_u64() && info["serverTime"].is_u64());
    assert!(info["capabilities"].as_array().unwrap().contains(&json!("requests")));
}

#[tokio::test]
async fn the_first_subscription_narrows_and_the_last_one_gone_widens_nothing() {
    let server = server().await;
    let (mut all, mut some) = (by_hand(&server).await, by_hand(&server).await);
    // Both are served: what is announced now reaches both.
    all.nothing().await;
    some.nothing().await;
    server.broadcast(made("1")).await.unwrap();
    assert_eq!(all.event("thingMade").await["payload"]["thingId"], "1");
    assert_eq!(some.event("thingMade").await["payload"]["thingId"], "1");

    let unknown =
        some.error("$subscribe", json!({ "clientId": "x", "events": ["thingMade", "tea"] })).await;
    assert_eq!(unknown["code"], "CONTRACT_MISMATCH");
    // A subscription that failed has not narrowed anything.
    server.broadcast(made("2")).await.unwrap();
    some.event("thingMade").await;

    // By its bare name or in full: the frames carry the bare one.
    for name in ["thingScrapped", "workshop/thingScrapped"] {
        let reply = some.data("$subscribe", json!({ "events": [name], "filter": null })).await;
        assert_eq!((&reply["success"], &reply["events"]), (&json!(true), &json!([name])));
        server.broadcast(made("3")).await.unwrap();
        server.broadcast(scrapped("4")).await.unwrap();
        let event = some.next().await;
        assert_eq!(
            (&event["event"], &event["payload"]["thingId"]),
            (&json!("thingScrapped"), &json!("4"))
        );
        let gone = json!({ "subscriptionId": reply["subscriptionId"] });
        assert_eq!(some.data("$unsubscribe", gone.clone()).await, json!({ "success": true }));
        // Once more does no harm.
        some.data("$unsubscribe", gone).await;
        server.broadcast(scrapped("5")).await.unwrap();
        server.broadcast(made("6")).await.unwrap();
        some.nothing().await;
    }
    // The other one was never narrowed.
    let before = all.call("$ping", json!({})).await.before;
    assert_eq!(
        names(&before),
        [
            "thingMade",
            "thingMade",
            "thingScrapped",
            "thingScrapped",
            "thingMade",
            "thingMade",
            "thingScrapped",
            "thingScrapped",
            "thingMade"
        ]
    );
}

#[tokio::test]
async fn overlapping_subscriptions_deliver_an_event_once() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    for _ in 0..3 {
        let events = json!(["thingMade", "workshop/thingMade", "thingMade"]);
        client.data("$subscribe", json!({ "events": events })).await;
    }
    server.broadcast(made("1")).await.unwrap();
    let before = client.call("$ping", json!({})).await.before;
    assert_eq!(names(&before), ["thingMade"]);
}

#[tokio::test]
async fn an_event_reaches_the_server_and_the_answer_to_a_wrong_one_is_an_error_event() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let server = builder()
        .on(move |event: magicbutton::Received<ThingScrapped>| {
            let source = event.context().source().unwrap_or_default().to_owned();
            let _ = sender.send((event.thing_id.clone(), source));
            async { Ok(()) }
        })
        .start()
        .await
        .unwrap();
    let mut client = by_hand(&server).await;
    client.data("$register", json!({ "clientId": "web-1" })).await;
    for (name, id) in [("thingScrapped", "1"), ("workshop/thingScrapped", "2")] {
        client
            .send(json!({ "type": "event", "event": name, "payload": { "thingId": id },
                          "context": { "source": "another" } }))
            .await;
        assert_eq!(soon(received.recv()).await.unwrap(), (id.to_owned(), "web-1".to_owned()));
    }
    client.send(json!({ "type": "event", "event": "tea", "payload": {} })).await;
    let error = client.event("$error").await;
    assert_eq!(error["payload"]["code"], "CONTRACT_MISMATCH");
    // Signs of life, and what is not a client's to send, are not passed on.
    for name in ["$heartbeat", "$connected", "$error", "$whatever"] {
        client.send(json!({ "type": "event", "event": name, "payload": { "timestamp": 1 } })).await;
    }
    client.nothing().await;
}

#[tokio::test]
async fn a_bad_frame_is_answered_and_the_connection_lives_on() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let cases = [
        ("nonsense", None),
        ("", None),
        ("[]", None),
        ("null", None),
        ("{}", None),
        (r#"{"type":"dance"}"#, None),
        (r#"{"type":"request","requestId":"r-7"}"#, Some("r-7")),
        (r#"{"type":"credit","requestId":"r-8"}"#, Some("r-8")),
        (r#"{"type":"request","requestId":"r-9","requestType":"x","context":7}"#, Some("r-9")),
        (
            r#"{"type":"request","requestId":"r-9","requestType":"x","context":{"deadlineMs":-1}}"#,
            Some("r-9"),
        ),
        (r#"{"type":"event"}"#, None),
    ];
    for (frame, request) in cases {
        client.send_text(frame).await;
        let error = client.next().await;
        assert_eq!(
            (&error["type"], &error["event"]),
            (&json!("event"), &json!("$error")),
            "{frame}"
        );
        let payload = &error["payload"];
        assert_eq!(payload["code"], "VALIDATION_FAILED", "{frame}");
        assert!(payload["message"].is_string() && payload["timestamp"].is_u64(), "{frame}");
        assert_eq!(payload["details"]["requestId"].as_str(), request, "{frame}");
    }
    client.nothing().await;
}
