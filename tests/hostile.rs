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

#[tokio::test]
async fn who_only_talks_nonsense_is_sent_away_and_told_why() {
    let mut bed = Bed::with(|limits| limits.bad_frames = 10).await;
    let mut client = bed.by_hand().await;
    for _ in 0..11 {
        client.send_text("nonsense").await;
    }
    let (code, reason) = client.closed().await.unwrap();
    assert_eq!((code, &*reason), (CloseCode::Policy, "too many bad frames"));
    bed.alone().await;
    bed.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_events_holds_nobody_up() {
    let mut bed = Bed::with(|limits| limits.queued_bytes = 1 << 20).await;
    let mut lazy = bed.by_hand().await;
    lazy.nothing().await;
    let long = "x".repeat(100_000);
    let mut slowest = Duration::ZERO;
    for number in 0..200 {
        let started = Instant::now();
        let event = ThingMade { thing_id: format!("{number}{long}"), stage: Stage::Done };
        bed.server.broadcast(event).await.unwrap();
        slowest = slowest.max(started.elapsed());
        // The good client keeps up, event by event.
        let made = soon(bed.made.next()).await.unwrap();
        assert!(made.thing_id.starts_with(&format!("{number}x")));
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    // Reading at last, it gets what was on its way, and the reason.
    let (code, reason) = lazy.closed().await.unwrap();
    assert_eq!((code, &*reason), (CloseCode::Policy, "the reader was too slow"));
    bed.alone().await;
    bed.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_replies_is_not_asked_for_more() {
    let mut bed = Bed::with(|limits| {
        limits.queued_bytes = 1 << 18;
        limits.heartbeat = Duration::from_millis(200);
        limits.silence = Duration::from_secs(1);
    })
    .await;
    let mut lazy = bed.by_hand().await;
    // It hears of nothing but its replies.
    lazy.data("$register", json!({ "clientId": "lazy", "events": [] })).await;
    let ask = json!({
        "type": "request", "requestId": "1", "requestType": "$ping",
        "payload": { "payload": "x".repeat(20_000) },
    })
    .to_string();
    let flood = async { while lazy.socket.send(Message::text(ask.clone())).await.is_ok() {} };
    // Who takes nothing in counts as lost, however much it has to say.
    tokio::join!(soon(flood), bed.alone());
    bed.all_is_well().await;
}

#[tokio::test]
async fn a_message_in_pieces_is_served_and_pieces_of_nothing_are_not() {
    let mut bed = Bed::new().await;
    let mut client = bed.by_hand().await;
    let frame = br#"{"type":"request","requestId":"1","requestType":"lookAround"}"#;
    for (number, byte) in frame.iter().enumerate() {
        let kind = if number == 0 { Data::Text } else { Data::Continue };
        let last = number + 1 == frame.len();
        let piece = Frame::message(vec![*byte], OpCode::Data(kind), last);
        soon(client.socket.feed(Message::Frame(piece))).await.unwrap();
        soon(client.socket.feed(Message::Ping(vec![*byte].into()))).await.unwrap();
    }
    soon(client.socket.flush()).await.unwrap();
    assert_eq!(client.response("1").await.response["success"], true);
    for (bytes, code) in [
        // A piece of nothing; a message within another; a ping in pieces; a ping that is too long.
        (masked(0x80, b"x"), 1002),
        ([masked(0x01, b"x"), masked(0x81, b"y")].concat(), 1002),
        (masked(0x09, b"x"), 1002),
        (masked(0x89, &[b'x'; 200]), 1002),
        // Not masked; an unknown kind; a bit that nobody has agreed on.
        (vec![0x81, 2, b'{', b'}'], 1002),
        (masked(0x83, b"x"), 1002),
        (masked(0xc1, b"x"), 1002),
        // Not UTF-8, whole or in pieces.
        (masked(0x81, &[b'"', 0xff, b'"']), 1007),
        ([masked(0x01, &[0xc3]), masked(0x80, b"x")].concat(), 1007),
    ] {
        let mut tcp = raw(&bed).await;
        tcp.write_all(&bytes).await.unwrap();
        assert_eq!(verdict(&mut tcp).await, code, "{bytes:?}");
    }
    bed.all_is_well().await;
}

#[tokio::test]
async fn a_flood_of_pings_is_answered_or_not_and_harms_nobody() {
    let mut bed = Bed::new().await;
    let mut client = bed.by_hand().await;
    let flood = masked(0x89, &[b'x'; 125]).repeat(20_000);
    let (mut read, mut write) = tokio::io::split(client.socket.get_mut());
    let sent = async {
        write.write_all(&flood).await.unwrap();
    };
    let mut back = vec![0; 1 << 16];
    tokio::select! {
        () = sent => {}
        () = async { while soon(read.read(&mut back)).await.unwrap() > 0 {} } => panic!("it hung up"),
    }
    bed.all_is_well().await;
}

#[tokio::test]
async fn a_handshake_of_any_size_is_none() {
    let mut bed = Bed::new().await;
    let endless = format!("GET /workshop HTTP/1.1\r\nX: {}", "x".repeat(100_000));
    let many = format!("GET /workshop HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    for head in [endless, many, "\r\n\r\n".to_owned(), "\0".repeat(20_000)] {
        let mut tcp = bed.tcp().await;
        let _ = tcp.write_all(head.as_bytes()).await;
        let mut answer = vec![0; 12];
        // Whoever still writes may lose the answer with the connection.
        if let Ok(12) = soon(tcp.read_exact(&mut answer)).await {
            assert!(answer.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&answer));
        }
    }
    bed.all_is_well().await;
}

#[tokio::test]
async fn one_client_too_many_is_told_so_and_the_others_live() {
    let server = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .bind("ws://127.0.0.1:0/workshop")
        .max_clients(2)
        .start()
        .await
        .unwrap();
    let endpoint = server.endpoints()[0].clone();
    let good = workshop::Client::connect(&endpoint).await.unwrap();
    let mut other = ByHand::connect(&endpoint).await;
    other.nothing().await;
    for _ in 0..3 {
        let mut third = ByHand::connect(&endpoint).await;
        // Whatever it says, it is not served.
        third.ask("lookAround", json!({})).await;
        let error = third.event("$error").await;
        assert_eq!(error["payload"]["code"], "UNAVAILABLE");
        assert_eq!(third.closed().await.unwrap().0, CloseCode::Again);
    }
    let refused = workshop::Client::connect(&endpoint).await.unwrap_err();
    assert_eq!((refused.kind(), refused.is_retryable()), (FaultKind::Unavailable, true));
    assert_eq!(server.clients().len(), 2);
    good.look_around().await.unwrap();
    drop(other);
    // Its place is free once it has gone.
    soon(async { while workshop::Client::connect(&endpoint).await.is_err() {} }).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_all(
        bytes in proptest::collection::vec(any::<u8>(), 1..2000),
        messages in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bed = Bed::with(|limits| limits.handshake = Duration::from_millis(100)).await;
            // Before the handshake, after it, and as messages in either codec.
            let _ = bed.tcp().await.write_all(&bytes).await;
            let _ = raw(&bed).await.write_all(&bytes).await;
            for subprotocol in ["mb.json", "mb.msgpack"] {
                let mut client = ByHand::connect_as(&bed.server.endpoints()[0], Some(subprotocol)).await;
                for (text, message) in &messages {
                    let message = match text {
                        true => Message::text(String::from_utf8_lossy(message).into_owned()),
                        false => Message::binary(message.clone()),
                    };
                    let _ = client.socket.send(message).await;
                }
                let _ = client.socket.close(None).await;
                soon(async { while let Some(Ok(_)) = client.socket.next().await {} }).await;
            }
            bed.all_is_well().await;
        });
    }
}

/// A server by hand, which may say anything.
struct Imposter {
    listener: TcpListener,
    endpoint: String,
}

type Victim = WebSocketStream<TcpStream>;

impl Imposter {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("ws://{}/workshop", listener.local_addr().unwrap());
        Self { listener, endpoint }
    }

    /// The next client, with its handshake behind it.
    #[allow(clippy::result_large_err, reason = "the callback's type is not ours")]
    async fn accept(&self) -> Victim {
        let (tcp, _) = soon(self.listener.accept()).await.unwrap();
        let agree = |request: &Request, mut response: Response| {
            let name = request.headers()["Sec-WebSocket-Protocol"].clone();
            response.headers_mut().insert("Sec-WebSocket-Protocol", name);
            Ok(response)
        };
        soon(accept_hdr_async(tcp, agree)).await.unwrap()
    }

    /// The next client, registered.
    async fn let_in(&self) -> Victim {
        let mut victim = self.accept().await;
        let request = next(&mut victim).await.unwrap();
        assert_eq!(request["requestType"], "$register");
        say(&mut victim, registered(&request)).await;
        victim
    }
}

fn registered(request: &Value) -> Value {
    json!({
        "type": "response", "requestId": request["requestId"], "success": true,
        "data": { "success": true, "connectionId": "c", "serverId": "s", "serverTime": 1, "ttl": 90 },
    })
}

async fn next(victim: &mut Victim) -> Option<Value> {
    loop {
        match soon(victim.next()).await? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn say(victim: &mut Victim, frame: Value) {
    let _ = victim.send(Message::text(frame.to_string())).await;
}

fn impatient() -> magicbutton::ClientBuilder {
    Client::builder().limits(|limits| limits.handshake = Duration::from_millis(500)).reconnect(
        Reconnect::new()
            .first_delay(Duration::from_millis(1))
            .longest_delay(Duration::from_millis(10)),
    )
}

fn fault<T: std::fmt::Debug, E: std::fmt::Debug>(reply: Reply<T, E>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test]
async fn a_registration_that_is_answered_with_rubbish_is_a_typed_fault() {
    let good = json!({ "success": true, "connectionId": "c", "serverId": "s" });
    let mut wrong = vec![
        (json!({ "success": true }), FaultKind::ContractMismatch),
        (json!({ "success": true, "data": null }), FaultKind::ContractMismatch),
        (json!({ "success": true, "data": [1] }), FaultKind::ContractMismatch),
        (json!({ "success": false, "error": { "code": "FORBIDDEN" } }), FaultKind::Forbidden),
        (
            json!({ "success": false, "error": { "code": "WHATEVER", "status": 1 } }),
            FaultKind::Undeclared,
        ),
    ];
    for (field, value) in [
        ("success", json!("yes")),
        ("connectionId", json!(7)),
        ("serverId", json!(null)),
        ("ttl", json!("long")),
        ("ttl", json!(-1)),
        ("serverTime", json!(1.5)),
        ("contracts", json!(7)),
        ("serves", json!([{ "name": 1 }])),
        ("maxMessage", json!(-1)),
        ("clientId", json!({})),
    ] {
        let mut data = good.clone();
        data[field] = value;
        wrong.push((json!({ "success": true, "data": data }), FaultKind::ContractMismatch));
    }
    let mut unwilling = good.clone();
    unwilling["success"] = json!(false);
    wrong.push((json!({ "success": true, "data": unwilling }), FaultKind::Forbidden));
    let imposter = Imposter::new().await;
    for (answer, expected) in wrong {
        let serve = async {
            let mut victim = imposter.accept().await;
            let request = next(&mut victim).await.unwrap();
            let mut frame = answer.clone();
            frame["type"] = json!("response");
            frame["requestId"] = request["requestId"].clone();
            say(&mut victim, frame).await;
            victim
        };
        let (refused, _victim) =
            tokio::join!(soon(impatient().connect(&*imposter.endpoint)), serve);
        assert_eq!(refused.unwrap_err().kind(), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_registration_that_is_never_answered_ends_in_time() {
    let imposter = Imposter::new().await;
    for nonsense in [None, Some("garbage"), Some(r#"{"type":"response","requestId":"0"}"#)] {
        let serve = async {
            let mut victim = imposter.accept().await;
            if let Some(nonsense) = nonsense {
                let _ = victim.send(Message::text(nonsense)).await;
            }
            while next(&mut victim).await.is_some() {}
        };
        let (refused, ()) = tokio::join!(soon(impatient().connect(&*imposter.endpoint)), serve);
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind(), refused.is_retryable()), (FaultKind::Unavailable, true));
    }
}

#[tokio::test]
async fn rubbish_for_an_answer_is_a_typed_fault_and_other_calls_go_on() {
    let imposter = Imposter::new().await;
    let (client, mut victim) =
        tokio::join!(impatient().connect(&*imposter.endpoint), imposter.let_in());
    let workshop = client.unwrap().typed::<workshop::Client>().unwrap();
    let answers = [
        (json!({ "success": true }), "CONTRACT_MISMATCH"),
        (json!({ "success": true, "data": { "thingId": 7 } }), "CONTRACT_MISMATCH"),
        (json!({ "success": false, "error": { "code": "?", "status": 70_00 } }), "?"),
        (
            json!({ "success": false, "error": { "code": "THING_NOT_FOUND", "details": [] } }),
            "CONTRACT_MISMATCH",
        ),
        (
            json!({ "success": false, "error": { "code": "INTERNAL_SERVER_ERROR", "status": 200 } }),
            "INTERNAL_SERVER_ERROR",
        ),
    ];
    for (answer, code) in answers {
        let serve = async {
            let request = next(&mut victim).await.unwrap();
            let mut frame = answer.clone();
            frame["type"] = json!("response");
            frame["requestId"] = request["requestId"].clone();
            // Items for somebody who has not asked for any change nothing.
            say(
                &mut victim,
                json!({ "type": "item", "requestId": request["requestId"], "data": 1 }),
            )
            .await;
            say(
                &mut victim,
                json!({ "type": "credit", "requestId": request["requestId"], "n": 1 }),
            )
            .await;
            say(&mut victim, frame.clone()).await;
            say(&mut victim, frame).await;
        };
        let call = workshop.make_thing("x".into(), vec![Tag { key: "k".into(), value: 1 }]);
        let (reply, ()) = tokio::join!(soon(call.into_future()), serve);
        let fault = fault(reply);
        assert_eq!(fault.code(), code, "{answer}");
        assert!((400..600).contains(&fault.status().as_u16()));
    }
}

#[tokio::test]
async fn more_items_than_asked_for_end_the_stream_and_nothing_else() {
    let imposter = Imposter::new().await;
    let (client, mut victim) =
        tokio::join!(impatient().connect(&*imposter.endpoint), imposter.let_in());
    let workshop = client.unwrap().typed::<workshop::Client>().unwrap();
    let mut items = workshop.count_to(10, String::new());
    let serve = async {
        let request = next(&mut victim).await.unwrap();
        let credit = next(&mut victim).await.unwrap();
        assert_eq!(
            (&credit["type"], &credit["requestId"]),
            (&json!("credit"), &request["requestId"])
        );
        for _ in 0..credit["n"].as_u64().unwrap() + 1000 {
            say(
                &mut victim,
                json!({ "type": "item", "requestId": request["requestId"], "data": 1 }),
            )
            .await;
        }
    };
    let (first, ()) = tokio::join!(soon(items.next()), serve);
    assert_eq!(first.unwrap().unwrap(), 1);
    let mut taken = 1;
    let end = loop {
        match soon(items.next()).await {
            Some(Ok(_)) => taken += 1,
            Some(Err(Failure::Fault(fault))) => break fault,
            other => panic!("{other:?}"),
        }
    };
    assert!(taken <= 48, "{taken}");
    assert_eq!((end.kind(), end.is_retryable()), (FaultKind::Unavailable, false));
    assert_eq!(workshop.client().status(), ClientStatus::Connected);
}

#[test]
fn a_flood_of_events_and_requests_is_bounded() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (client, mut victim, mut made) = runtime.block_on(async {
        let imposter = Imposter::new().await;
        let (client, mut victim) = tokio::join!(impatient().connect(&*imposter.endpoint), imposter.let_in());
        let client = client.unwrap();
        let subscribing = client.subscribe::<ThingMade>();
        let serve = async {
            let request = next(&mut victim).await.unwrap();
            let data = json!({ "success": true, "subscriptionId": "1", "events": [] });
            say(&mut victim, json!({ "type": "response", "requestId": request["requestId"], "success": true, "data": data })).await;
        };
        let (made, ()) = tokio::join!(subscribing.into_future(), serve);
        (client, victim, made.unwrap())
    });
    let cost = allocation_counter::measure(|| {
        runtime.block_on(async {
            let event = json!({ "type": "event", "event": "thingMade", "payload": { "thingId": "x".repeat(1000), "stage": "done" } });
            let wrong = json!({ "type": "event", "event": "thingMade", "payload": 7 });
            let unknown = json!({ "type": "event", "event": "tea", "payload": {} });
            let error = json!({ "type": "event", "event": "$error", "payload": { "code": "X", "message": "x" } });
            let request = json!({ "type": "request", "requestId": "1", "requestType": "tea" });
            let (mut sink, mut stream) = (&mut victim).split();
            let flood = async {
                for _ in 0..4000 {
                    for frame in [&event, &wrong, &unknown, &error, &request] {
                        sink.feed(Message::text(frame.to_string())).await.unwrap();
                    }
                }
                let last = json!({ "type": "request", "requestId": "last", "requestType": "tea" });
                sink.send(Message::text(last.to_string())).await.unwrap();
            };
            let hear = async {
                loop {
                    if let Message::Text(text) = soon(stream.next()).await.unwrap().unwrap()
                        && text.contains("\"last\"")
                    {
                        return;
                    }
                }
            };
            tokio::join!(flood, hear);
        });
    });
    assert!(cost.bytes_max < 16 << 20, "{cost:?}");
    assert_eq!(client.status(), ClientStatus::Connected);
    runtime.block_on(async {
        soon(made.next()).await.unwrap();
        assert!(made.dropped() > 0);
    });
}

#[tokio::test]
async fn a_server_that_closes_at_once_each_time_is_tried_again_with_patience() {
    let imposter = Imposter::new().await;
    let (client, victim) =
        tokio::join!(impatient().connect(&*imposter.endpoint), imposter.let_in());
    let client = client.unwrap();
    drop(victim);
    for round in 0..20 {
        match round % 4 {
            0 => drop(imposter.accept().await),
            1 => drop(soon(imposter.listener.accept()).await.unwrap()),
            2 => drop(imposter.let_in().await),
            _ => {
                let mut victim = imposter.accept().await;
                let _ = victim.send(Message::text("[[[")).await;
                let _ = victim.close(None).await;
            }
        }
    }
    let _victim = imposter.let_in().await;
    let mut status = client.watch_status();
    soon(status.wait_for(|status| *status == ClientStatus::Connected)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_answers_all_but_subscriptions_is_left_for_another_connection() {
    let imposter = Imposter::new().await;
    let (client, mut victim) =
        tokio::join!(impatient().connect(&*imposter.endpoint), imposter.let_in());
    let client = client.unwrap();
    let (made, _) =
        tokio::join!(soon(client.subscribe::<ThingMade>().into_future()), next(&mut victim));
    assert_eq!(made.unwrap_err().kind(), FaultKind::Timeout);
    let subscribing = tokio::spawn(client.subscribe::<ThingMade>().into_future());
    loop {
        let request = next(&mut victim).await.unwrap();
        if request["requestType"] == "$subscribe" {
            let data = json!({ "success": true, "subscriptionId": "1", "events": [] });
            say(&mut victim, json!({ "type": "response", "requestId": request["requestId"], "success": true, "data": data })).await;
            break;
        }
    }
    let made = subscribing.await.unwrap().unwrap();
    drop(victim);
    // The next one registers it and then says nothing but that it lives.
    let mut victim = imposter.let_in().await;
    let mut asked = Vec::new();
    while let Some(frame) = next(&mut victim).await {
        asked.push(frame["requestType"].clone());
        say(
            &mut victim,
            json!({ "type": "event", "event": "$heartbeat", "payload": { "timestamp": 1 } }),
        )
        .await;
    }
    assert_eq!(asked[0], "$subscribe");
    let _victim = imposter.let_in().await;
    assert_eq!(made.end_reason(), None);
}
