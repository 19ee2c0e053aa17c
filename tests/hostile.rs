//! Everything that somebody with a socket can do to a server, with a well-behaved client beside
//! them that must not notice; and what a server can do to a client.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too"
)]

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;
#[path = "hostile/floods.rs"]
mod floods;
#[path = "hostile/servers.rs"]
mod servers;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use by_hand::{ByHand, soon};
use common::{Seen, Stage, Tag, ThingMade, Workshop, workshop};
use futures_util::{SinkExt, StreamExt};
use magicbutton::{
    Client, ClientStatus, Failure, Fault, FaultKind, Limits, Reconnect, Reply, Server, Subscription,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

/// A server under attack, and somebody who only wants to work.
struct Bed {
    server: Server,
    good: workshop::Client,
    made: Subscription<ThingMade>,
    seen: Arc<Seen>,
}

impl Bed {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(limits: impl FnOnce(&mut Limits)) -> Self {
        let workshop = Workshop::default();
        let seen = Arc::clone(&workshop.0);
        let server = Server::builder()
            .id("bench")
            .serve(workshop::serve(workshop))
            .bind("ws://127.0.0.1:0/workshop")
            .limits(limits)
            .start()
            .await
            .unwrap();
        let good = workshop::Client::connect(&server.endpoints()[0]).await.unwrap();
        let made = good.client().subscribe().capacity(65_536).await.unwrap();
        Self { server, good, made, seen }
    }

    async fn by_hand(&self) -> ByHand {
        ByHand::connect(&self.server.endpoints()[0]).await
    }

    async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.server.endpoints()[0].authority()).await.unwrap()
    }

    /// The good client is served, promptly, on the connection that it always had.
    async fn all_is_well(&mut self) {
        let started = Instant::now();
        let thing = soon(self.good.make_thing("good".into(), Vec::new()).into_future()).await;
        assert_eq!(thing.unwrap().thing_id, "good");
        while soon(self.made.next()).await.unwrap().thing_id != "good" {}
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!((self.made.gaps(), self.made.dropped()), (0, 0));
        assert_eq!(self.good.client().status(), ClientStatus::Connected);
    }

    /// Waits until only the good client is left.
    async fn alone(&self) {
        soon(async {
            while self.server.clients().len() > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

/// The bytes of a masked frame; the mask is nought.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0xff);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A connection on which any bytes may be written.
async fn raw(bed: &Bed) -> TcpStream {
    let ByHand { socket, .. } = bed.by_hand().await;
    socket.into_inner()
}

/// The code of the close frame at the end of what the server says.
async fn verdict(tcp: &mut TcpStream) -> u16 {
    let mut all = Vec::new();
    let _ = soon(tcp.read_to_end(&mut all)).await;
    let close = all.iter().rposition(|byte| *byte == 0x88).expect("no goodbye");
    u16::from_be_bytes([all[close + 2], all[close + 3]])
}

#[tokio::test]
async fn who_dawdles_is_not_waited_for() {
    let mut bed = Bed::with(|limits| {
        limits.handshake = Duration::from_millis(300);
        limits.heartbeat = Duration::from_millis(100);
        limits.silence = Duration::from_millis(400);
    })
    .await;
    let mut half_asked = Vec::new();
    for _ in 0..50 {
        let mut tcp = bed.tcp().await;
        tcp.write_all(b"GET /workshop HTTP/1.1\r\nHost: x\r\nUpgra").await.unwrap();
        half_asked.push(tcp);
    }
    let mut half_said = Vec::new();
    for half in [
        &masked(0x81, b"{\"type\":\"request\"")[..9],
        &[0x81, 0xff, 0][..],
        &[0x01, 0x80, 0, 0, 0, 0],
    ] {
        let mut tcp = raw(&bed).await;
        tcp.write_all(half).await.unwrap();
        half_said.push(tcp);
    }
    bed.all_is_well().await;
    for mut tcp in half_asked {
        let mut rest = Vec::new();
        let _ = soon(tcp.read_to_end(&mut rest)).await;
        assert!(rest.is_empty());
    }
    for mut tcp in half_said {
        assert_eq!(verdict(&mut tcp).await, 1008);
    }
    bed.alone().await;
    bed.all_is_well().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_its_header() {
    let mut bed = Bed::with(|limits| limits.max_message = 10_000).await;
    let gibibyte = [&[0x82, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat();
    let endless = [&[0x82, 0xff][..], &[0xff; 8], &[0; 4]].concat();
    let pieces = [masked(0x01, &[b' '; 9000]), masked(0x80, &[b' '; 9000])].concat();
    for bytes in [gibibyte, endless, masked(0x81, &[b' '; 10_001]), pieces] {
        let mut tcp = raw(&bed).await;
        tcp.write_all(&bytes).await.unwrap();
        assert_eq!(verdict(&mut tcp).await, 1009);
    }
    // Of the limit itself nothing is too large.
    let mut client = bed.by_hand().await;
    let frame = json!({ "type": "request", "requestId": "1", "requestType": "$ping" }).to_string();
    client.send_text(format!("{frame:10000}")).await;
    client.response("1").await;
    bed.all_is_well().await;
}

#[tokio::test]
async fn depth_is_not_climbed_down() {
    let mut bed = Bed::new().await;
    let mut client = bed.by_hand().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    client.send_text(deep.clone()).await;
    client.send_text(deep.replace('[', "{\"type\":").replace(']', "}")).await;
    for name in ["makeThing", "$ping", "$register", "$subscribe", "lookAround"] {
        let payload = match name {
            "makeThing" => format!(r#"{{"thingId":"x","tags":{deep}}}"#),
            "$ping" => format!(r#"{{"timestamp":{deep}}}"#),
            "$register" => format!(r#"{{"clientId":"x","metadata":{{"a":{deep}}}}}"#),
            "$subscribe" => format!(r#"{{"events":{deep}}}"#),
            _ => format!(r#"{{"ignored":{deep}}}"#),
        };
        client
            .send_text(format!(
                r#"{{"type":"request","requestId":"{name}","requestType":"{name}","payload":{payload}}}"#
            ))
            .await;
        let answered = client.response(name).await;
        // What nobody looks at may be as deep as it likes.
        let ignored = name == "lookAround";
        assert_eq!(answered.response["success"], json!(ignored), "{}", answered.response);
    }
    client
        .send_text(format!(
            r#"{{"type":"request","requestId":"1","requestType":"$ping","context":{{"metadata":{{"a":{deep}}}}}}}"#
        ))
        .await;
    client.send_text(format!(r#"{{"type":"response","requestId":"0","success":false,"error":{{"code":"X","details":{deep}}}}}"#)).await;
    client.send_text(format!(r#"{{"type":"cancel","requestId":"0","unknown":{deep}}}"#)).await;
    assert_eq!(client.event("$error").await["payload"]["code"], "VALIDATION_FAILED");
    client.call("$ping", json!({})).await;
    bed.all_is_well().await;
}

#[tokio::test]
async fn depth_in_message_pack_is_not_climbed_down_either() {
    let mut bed = Bed::new().await;
    for depth in [100, 500, 1000, 1020, 1100, 100_000] {
        let mut client = ByHand::connect_as(&bed.server.endpoints()[0], Some("mb.msgpack")).await;
        let deep = [vec![0x91; depth], vec![0xc0]].concat();
        let text = |text: &str| [&[0xa0 | text.len() as u8][..], text.as_bytes()].concat();
        let mut frames = Vec::new();
        for (name, field) in
            [("$ping", "timestamp"), ("makeThing", "tags"), ("$register", "metadata")]
        {
            let payload = [&[0x81][..], &text(field), &deep].concat();
            frames.push(
                [
                    &[0x84][..],
                    &text("type"),
                    &text("request"),
                    &text("requestId"),
                    &text("1"),
                    &text("requestType"),
                    &text(name),
                    &text("payload"),
                    &payload,
                ]
                .concat(),
            );
        }
        frames.push(
            [
                &[0x84][..],
                &text("type"),
                &text("response"),
                &text("requestId"),
                &text("0"),
                &text("success"),
                &[0xc2],
                &text("error"),
                &[0x82],
                &text("code"),
                &text("X"),
                &text("details"),
                &deep,
            ]
            .concat(),
        );
        for frame in frames {
            soon(client.socket.send(Message::binary(frame))).await.unwrap();
        }
        client.call("$serverInfo", json!({})).await;
    }
    bed.all_is_well().await;
}

#[test]
fn subscribing_without_end_costs_next_to_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut bed, mut client) = runtime.block_on(async {
        let bed = Bed::new().await;
        let client = bed.by_hand().await;
        (bed, client)
    });
    const ASKED: usize = 50_000;
    let cost = allocation_counter::measure(|| {
        runtime.block_on(async {
            let (mut sink, mut stream) = (&mut client.socket).split();
            let ask = async {
                for number in 0..ASKED {
                    let frame = format!(
                        r#"{{"type":"request","requestId":"{number}","requestType":"$subscribe","payload":{{"events":["thingMade","thingScrapped"]}}}}"#
                    );
                    sink.feed(Message::text(frame)).await.unwrap();
                }
                sink.flush().await.unwrap();
            };
            let hear = async {
                let (mut granted, mut refused) = (0, 0);
                while granted + refused < ASKED {
                    let Message::Text(text) = soon(stream.next()).await.unwrap().unwrap() else {
                        continue;
                    };
                    if text.contains(r#""success":true"#) {
                        granted += 1;
                    } else {
                        assert!(text.contains("RATE_LIMIT_EXCEEDED"), "{text}");
                        refused += 1;
                    }
                }
                assert_eq!(granted, 1024);
            };
            tokio::join!(ask, hear);
        });
    });
    // What is queued in between is bounded too.
    assert!(cost.bytes_max < 24 << 20, "{cost:?}");
    runtime.block_on(async {
        // One taken back makes room for one.
        client.data("$unsubscribe", json!({ "subscriptionId": "1" })).await;
        client.data("$subscribe", json!({ "events": ["thingMade"] })).await;
        assert_eq!(client.code("$subscribe", json!({ "events": [] })).await, "RATE_LIMIT_EXCEEDED");
        bed.all_is_well().await;
    });
}

#[tokio::test]
async fn frames_that_belong_to_nothing_do_nothing() {
    let mut bed = Bed::new().await;
    let mut client = bed.by_hand().await;
    for id in ["", "0", "65536", "18446744073709551615", "-1", "x", &"9".repeat(1000)] {
        for frame in [
            json!({ "type": "response", "requestId": id, "success": true, "data": 1 }),
            json!({ "type": "response", "requestId": id, "success": false, "error": { "code": "X" } }),
            json!({ "type": "item", "requestId": id, "data": 1 }),
            json!({ "type": "credit", "requestId": id, "n": u32::MAX }),
            json!({ "type": "cancel", "requestId": id }),
        ] {
            client.send(frame).await;
        }
    }
    client.nothing().await;
    // Credit for what is no stream, and too much of it for what is one.
    let id = client.ask("waitForIt", json!({})).await;
    soon(bed.seen.until(&bed.seen.begun, 1)).await;
    for _ in 0..3 {
        client.send(json!({ "type": "credit", "requestId": id, "n": u32::MAX })).await;
    }
    client.nothing().await;
    // A second request of an id that is taken is told so; the first is answered as ever.
    client.send(json!({ "type": "request", "requestId": id, "requestType": "waitForIt" })).await;
    let error = client.event("$error").await;
    assert_eq!(error["payload"]["details"]["requestId"], json!(id));
    bed.seen.go_on.notify_one();
    assert_eq!(client.response(&id).await.response["data"], 7);
    bed.all_is_well().await;
}

#[tokio::test]
async fn more_requests_than_allowed_are_refused_one_by_one() {
    let mut bed = Bed::with(|limits| limits.in_flight = 4).await;
    let mut client = bed.by_hand().await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(client.ask("waitForIt", json!({})).await);
    }
    soon(bed.seen.until(&bed.seen.begun, 4)).await;
    for _ in 0..100 {
        let refused = client.error("lookAround", json!({})).await;
        assert_eq!(
            (&refused["code"], &refused["retryable"]),
            (&json!("RATE_LIMIT_EXCEEDED"), &json!(true))
        );
        assert_eq!(refused["details"]["limit"], 4);
    }
    bed.seen.go_on.notify_one();
    // Whichever it was: now there is room for one.
    assert_eq!(client.next().await["data"], 7);
    client.data("lookAround", json!({})).await;
    drop(client);
    soon(bed.seen.until(&bed.seen.dropped, 4)).await;
    bed.all_is_well().await;
}
