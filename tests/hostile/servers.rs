//! What a client makes of a server that means it harm.

use super::*;

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
