//! Streams, goodbyes, and who comes and goes, as a client in another language sees them.

use super::*;

#[tokio::test]
async fn a_streamed_reply_goes_as_far_as_it_is_allowed_to() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let credit = |n: u32| json!({ "type": "credit", "requestId": "by-hand-1", "n": n });
    let item = |n: u32| json!({ "type": "item", "requestId": "by-hand-1", "data": n });
    let id = client.ask("countTo", json!({ "limit": 5, "then": "" })).await;
    client.send(credit(2)).await;
    assert_eq!([client.next().await, client.next().await], [item(0), item(1)]);
    client.nothing().await;
    client.send(credit(1)).await;
    assert_eq!(client.next().await, item(2));
    client.send(credit(u32::MAX)).await;
    client.send(credit(u32::MAX)).await;
    assert_eq!([client.next().await, client.next().await], [item(3), item(4)]);
    assert_eq!(
        client.next().await,
        json!({ "type": "response", "requestId": id, "success": true })
    );
}

#[tokio::test]
async fn a_streamed_reply_may_fail_or_be_given_up() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let id = client.ask("countTo", json!({ "limit": 1, "then": "fail" })).await;
    client.send(json!({ "type": "credit", "requestId": id, "n": 10 })).await;
    let end = client.response(&id).await;
    assert_eq!(end.before.len(), 1);
    assert_eq!(end.response["error"]["code"], "CLOSED");

    let id = client.ask("countTo", json!({ "limit": 1_000_000, "then": "" })).await;
    client.send(json!({ "type": "credit", "requestId": id, "n": 1 })).await;
    client.next().await;
    client.send(json!({ "type": "cancel", "requestId": id })).await;
    assert_eq!(client.response(&id).await.response["error"]["code"], "CANCELLED");
    // The id is free again.
    client.send(json!({ "type": "request", "requestId": id, "requestType": "lookAround" })).await;
    assert_eq!(client.response(&id).await.response["success"], true);
}

#[tokio::test]
async fn a_call_that_is_given_up_stops_its_handler() {
    let workshop = Workshop::default();
    let seen = std::sync::Arc::clone(&workshop.0);
    let server = Server::builder()
        .serve(workshop::serve(workshop))
        .bind("ws://127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let mut client = by_hand(&server).await;
    let id = client.ask("waitForIt", json!({})).await;
    soon(seen.until(&seen.begun, 1)).await;
    client.send(json!({ "type": "cancel", "requestId": id })).await;
    assert_eq!(client.response(&id).await.response["error"]["code"], "CANCELLED");
    soon(seen.until(&seen.dropped, 1)).await;
    // Its time is over: told by whoever serves it too.
    client
        .send(json!({ "type": "request", "requestId": "late", "requestType": "waitForIt",
                      "context": { "deadlineMs": 5 } }))
        .await;
    assert_eq!(client.response("late").await.response["error"]["code"], "TIMEOUT");
    client
        .send(json!({ "type": "request", "requestId": "later", "requestType": "lookAround",
                      "context": { "deadlineMs": u64::MAX } }))
        .await;
    assert_eq!(client.response("later").await.response["success"], true);
    soon(seen.until(&seen.dropped, 2)).await;
}

#[tokio::test]
async fn the_subprotocol_says_json_and_frames_may_be_binary() {
    let server = server().await;
    let mut client = ByHand::connect_as(&server.endpoints()[0], Some("mb.json")).await;
    client.nothing().await;
    let frame = json!({ "type": "request", "requestId": "1", "requestType": "lookAround" });
    soon(futures_util::SinkExt::send(&mut client.socket, Message::binary(frame.to_string())))
        .await
        .unwrap();
    assert_eq!(client.response("1").await.response["success"], true);
}

#[tokio::test]
async fn message_pack_is_the_same_frames() {
    let server = server().await;
    let mut client = ByHand::connect_as(&server.endpoints()[0], Some("mb.msgpack")).await;
    let reply = client.data("$register", json!({ "clientId": "packed", "contracts": [] })).await;
    assert_eq!((&reply["success"], &reply["serverId"]), (&json!(true), &json!("bench")));
    let answered = client.call("makeThing", json!({ "thingId": "t-1", "tags": [] })).await;
    assert_eq!(answered.response["data"]["stage"], "planned");
    assert_eq!(answered.before[0]["event"], "thingMade");
    assert_eq!(answered.before[0]["payload"]["thingId"], "t-1");
    assert_eq!(
        client.error("fail", json!({ "how": "declared" })).await,
        json!({
            "code": "THING_NOT_FOUND", "message": "thing t-1 not found",
            "details": { "thingId": "t-1" }, "status": 404, "retryable": false,
        })
    );
    let id = client.ask("countTo", json!({ "limit": 2, "then": "" })).await;
    client.send(json!({ "type": "credit", "requestId": id, "n": 7 })).await;
    assert_eq!(client.response(&id).await.before.len(), 2);
    // A bad frame in this codec: a map that promises more than there is.
    let bad =
        Message::binary(vec![0x82, 0xa4, b't', b'y', b'p', b'e', 0xa4, b'i', b't', b'e', b'm']);
    soon(futures_util::SinkExt::send(&mut client.socket, bad)).await.unwrap();
    assert_eq!(client.event("$error").await["payload"]["code"], "VALIDATION_FAILED");
    client.nothing().await;
}

#[tokio::test]
async fn a_server_asks_a_client_that_was_written_by_hand() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    // It says what it serves, but not that it knows names in full.
    let serves = json!([{ "name": "screen", "version": "1.0.0" }]);
    client.data("$register", json!({ "clientId": "tv", "serves": serves })).await;
    for (answer, expected) in [
        (json!({ "success": true, "data": 3 }), "3 saw it"),
        (
            json!({ "success": false, "error": { "code": "COVERED", "message": "no",
                    "details": { "what": "the window" } } }),
            "the window was covered",
        ),
        (
            json!({ "success": false, "error": { "code": "BROKEN", "message": "no" } }),
            "BROKEN 500 false",
        ),
        (
            json!({ "success": false, "error": { "code": "RATE_LIMIT_EXCEEDED", "message": "no" } }),
            "RATE_LIMIT_EXCEEDED 429 true",
        ),
        (json!({ "success": true, "data": "three" }), "CONTRACT_MISMATCH 400 false"),
    ] {
        let asked = client.ask("askBack", json!({ "what": "a cat" })).await;
        let request = client.next().await;
        assert_eq!(request["type"], "request");
        assert_eq!(request["requestType"], "show", "a bare name for who knows no contracts");
        assert_eq!(request["payload"], json!({ "what": "a cat" }));
        let mut response = answer.clone();
        response["type"] = json!("response");
        response["requestId"] = request["requestId"].clone();
        client.send(response).await;
        let answered = client.response(&asked).await.response;
        assert_eq!(answered["data"], expected, "{answer}");
    }
}

#[tokio::test]
async fn who_knows_contracts_is_asked_by_full_names() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let serves = json!([{ "name": "screen", "version": "1.0.0" }]);
    let hello = json!({ "clientId": "tv", "serves": serves, "contracts": [] });
    client.data("$register", hello).await;
    client.ask("askBack", json!({ "what": "a cat" })).await;
    assert_eq!(client.next().await["requestType"], "screen/show");
}

#[tokio::test]
async fn who_comes_and_goes_is_told_to_those_who_asked() {
    let server = server().await;
    let (mut watcher, mut other) = (by_hand(&server).await, by_hand(&server).await);
    let events = json!(["$connected", "$disconnected"]);
    watcher.data("$subscribe", json!({ "events": events })).await;
    // Somebody who never says who it is comes and goes unseen.
    let mut passer_by = by_hand(&server).await;
    passer_by.nothing().await;
    drop(passer_by);
    while server.clients().len() > 2 {
        watcher.nothing().await;
    }
    let mut guest = by_hand(&server).await;
    let reply = guest.data("$register", json!({ "clientId": "guest" })).await;
    let registered = watcher.event("$connected").await["payload"].clone();
    assert_eq!(registered["clientId"], "guest");
    assert_eq!(registered["connectionId"], reply["connectionId"]);
    assert!(registered["timestamp"].is_u64());
    drop(guest);
    let gone = watcher.event("$disconnected").await["payload"].clone();
    assert_eq!(gone["clientId"], "guest");
    assert_eq!(gone["connectionId"], reply["connectionId"]);
    assert!(gone["reason"].is_string());
    // Who did not ask by name is not told, subscribed or not.
    other.nothing().await;
}

#[tokio::test]
async fn unregistering_is_leaving() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    let registered = client.data("$register", json!({ "clientId": "web-1" })).await;
    let reply = client
        .data(
            "$unregister",
            json!({ "clientId": "web-1", "connectionId": registered["connectionId"] }),
        )
        .await;
    assert_eq!(reply["success"], true);
    assert!(reply["timestamp"].is_u64());
    assert_eq!(server.clients().len(), 0);
    // Nobody who is not counted stays: the connection is closed.
    assert_eq!(client.closed().await.unwrap().0, CloseCode::Normal);
    soon(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_says_nothing_is_asked_and_then_closed() {
    let server = builder()
        .limits(|limits| {
            limits.heartbeat = Duration::from_millis(50);
            limits.silence = Duration::from_millis(400);
        })
        .start()
        .await
        .unwrap();
    // One who reads answers pings, below all frames, and needs to say no more.
    let mut quiet = by_hand(&server).await;
    let silent = tokio::net::TcpStream::connect(server.endpoints()[0].authority()).await.unwrap();
    let request = server.endpoints()[0].to_string();
    let (silent, _) = soon(tokio_tungstenite::client_async(request, silent)).await.unwrap();
    let beats = async {
        let mut beats = 0;
        while beats < 20 || server.clients().len() > 1 {
            let beat = quiet.event("$heartbeat").await;
            assert!(beat["payload"]["timestamp"].is_u64(), "{beat}");
            beats += 1;
        }
    };
    soon(beats).await;
    let mut silent = silent;
    let goodbye = loop {
        match soon(futures_util::StreamExt::next(&mut silent)).await {
            Some(Ok(Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("no goodbye: {other:?}"),
        }
    };
    let goodbye = goodbye.unwrap();
    assert_eq!(
        (goodbye.code, &*goodbye.reason),
        (CloseCode::Policy, "the other side said nothing for too long")
    );
    quiet.call("$ping", json!({})).await;
}

#[tokio::test]
async fn a_stopping_server_says_goodbye() {
    let server = server().await;
    let mut client = by_hand(&server).await;
    client.nothing().await;
    let id = client.ask("lookAround", json!({})).await;
    client.response(&id).await;
    soon(server.stop()).await.unwrap();
    assert_eq!(client.closed().await.unwrap(), (CloseCode::Away, "the server stopped".to_owned()));
}

contract!(
    /// Another contract that has an event of the same name.
    #[contract(version = "1.0.0")]
    pub mod attic {
        /// A thing was made, up there.
        #[event]
        struct ThingMade {
            floor: u32,
        }

        /// Answers.
        #[request]
        async fn knock() -> u32;
    }
);

struct Attic;

impl attic::Service for Attic {
    async fn knock(&self, _: &Context) -> Reply<u32> {
        Ok(1)
    }
}

#[tokio::test]
async fn a_bare_name_that_means_two_events_is_not_used() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let server = builder()
        .serve(attic::serve(Attic))
        .on(move |event: magicbutton::Received<attic::ThingMade>| {
            let _ = sender.send(event.floor);
            async { Ok(()) }
        })
        .start()
        .await
        .unwrap();
    let mut client = by_hand(&server).await;
    client.nothing().await;
    server.broadcast(made("1")).await.unwrap();
    assert_eq!(client.next().await["event"], "workshop/thingMade");
    server.broadcast(attic::ThingMade { floor: 1 }).await.unwrap();
    assert_eq!(client.next().await["event"], "attic/thingMade");
    server.broadcast(scrapped("2")).await.unwrap();
    assert_eq!(client.next().await["event"], "thingScrapped");
    // By hand it is refused, with what it could have meant; our own client says which.
    client.send(json!({ "type": "event", "event": "thingMade", "payload": { "floor": 2 } })).await;
    let error = client.event("$error").await["payload"].clone();
    assert_eq!(error["code"], "CONTRACT_MISMATCH");
    assert!(error["message"].as_str().unwrap().contains("attic/thingMade"), "{error}");
    let ours = magicbutton::Client::connect(&server.endpoints()[0]).await.unwrap();
    ours.emit(attic::ThingMade { floor: 3 }).await.unwrap();
    assert_eq!(soon(received.recv()).await, Some(3));
    let mut heard = ours.subscribe::<attic::ThingMade>().await.unwrap();
    server.broadcast(made("4")).await.unwrap();
    server.broadcast(attic::ThingMade { floor: 5 }).await.unwrap();
    assert_eq!(soon(heard.next()).await.unwrap().floor, 5);
}
