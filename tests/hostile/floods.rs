//! Too much of everything, and who does not read.

use super::*;

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
