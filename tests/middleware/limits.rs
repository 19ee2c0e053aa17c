//! What hangs, drains, streams and events in a chain.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_keeps_nobody_but_its_caller_waiting() {
    let wire = Wire::default();
    let stuck = from_fn(|message: Message, next: Next| async move {
        if message.name().as_str() == "workshop/fail" {
            std::future::pending::<()>().await;
        }
        next.run(message).await
    });
    let (server, _) = serving(&wire, |server| server.middleware(stuck), |contract| contract).await;
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    let stuck = things.fail(String::new()).timeout(60 * SECOND);
    tokio::pin!(stuck);
    assert!((&mut stuck).now_or_never().is_none());
    things.make_thing("t".into(), Vec::new()).await.unwrap();
    // A deadline ends it.
    let late = fault(things.fail(String::new()).timeout(2 * SECOND).await);
    assert_eq!(late.kind(), FaultKind::Timeout);
    // A stop waits for it as for any call, and cuts it off.
    let start = Instant::now();
    let (stopped, cut) = tokio::join!(server.stop(), stuck);
    assert!(stopped.is_err());
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(fault(cut).kind(), FaultKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_on_the_clients_side_ends_at_the_deadline() {
    let wire = Wire::default();
    let (_server, _) = serving(&wire, |server| server, |contract| contract).await;
    let stuck = from_fn(|_: Message, _: Next| std::future::pending::<Handled>());
    let client = Client::builder().transport(wire.clone()).middleware(stuck);
    let client = client.connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    let start = Instant::now();
    assert_eq!(fault(things.fail(String::new()).await).kind(), FaultKind::Timeout);
    assert_eq!(start.elapsed(), 30 * SECOND, "the default of a client over a network");
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_what_middleware_still_has_to_do() {
    let (wire, diary) = (Wire::default(), Diary::default());
    let noted = diary.clone();
    let slow = from_fn(move |message: Message, next: Next| {
        let noted = noted.clone();
        async move {
            sleep(SECOND).await;
            let handled = next.run(message).await;
            sleep(SECOND).await;
            noted.note("done");
            handled
        }
    });
    let (server, _) = serving(&wire, |server| server.middleware(slow), |contract| contract).await;
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    let call = tokio::spawn(async move { things.fail("not".into()).await });
    sleep(SECOND / 2).await;
    server.stop().await.unwrap();
    assert_eq!(diary.take(), ["done"]);
    call.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_detached_request_takes_its_chain_along() {
    let diary = Diary::default();
    let (client, seen) = in_process(|contract| contract.middleware(diary.page("log")));
    let call = tokio::time::timeout(SECOND, client.wait_detached());
    assert!(call.await.is_err());
    assert_eq!(diary.take(), ["log > workshop/waitDetached Server"]);
    seen.go_on.notify_one();
    seen.until(&seen.finished, 1).await;
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["log < reply"]);
}

#[tokio::test]
async fn streams_end_with_the_server_though_a_chain_is_around_them() {
    let wire = Wire::default();
    let (server, _) = serving(
        &wire,
        |server| server.middleware(from_fn(|message, next: Next| next.run(message))),
        |contract| contract,
    )
    .await;
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    let mut hanging = things.count_to(1, "hang".into());
    assert_eq!(hanging.next().await.unwrap().unwrap(), 0);
    let (stopped, end) = tokio::join!(server.stop(), hanging.next());
    stopped.unwrap();
    assert_eq!(fault(end.unwrap()).kind(), FaultKind::Unavailable);
    assert!(hanging.next().await.is_none());
    let mut failing = things.count_to(1, "fail".into());
    assert!(failing.next().await.unwrap().is_err());
}

#[tokio::test]
async fn middleware_sees_the_causes_that_the_caller_does_not() {
    let causes = Diary::default();
    let noted = causes.clone();
    let look = from_fn(move |message: Message, next: Next| {
        let noted = noted.clone();
        async move {
            let handled = next.run(message).await;
            if let Err(Failure::Fault(fault)) = &handled {
                noted.note(fault.id().unwrap_or("-"));
                let mut cause = std::error::Error::source(fault);
                while let Some(error) = cause {
                    noted.note(error.to_string());
                    cause = error.source();
                }
            }
            handled
        }
    });
    let (client, _) = in_process(|contract| contract.middleware(look));
    let fault = fault(client.fail("io".into()).await);
    let seen = causes.take();
    assert_eq!(seen[0], fault.id().unwrap());
    assert!(seen[1..].iter().any(|cause| cause.contains(SECRET)), "{seen:?}");
    assert!(!format!("{fault:?}").contains(SECRET));
    assert!(std::error::Error::source(&fault).is_none());
}

#[tokio::test]
async fn calls_made_in_a_middleware_continue_its_message() {
    contract!(
        #[contract(version = "1.0.0")]
        mod inner {
            #[request]
            async fn trace() -> String;
        }
    );
    struct Inner;
    impl inner::Service for Inner {
        async fn trace(&self, cx: &Context) -> Reply<String> {
            Ok(cx.trace_id().to_owned())
        }
    }
    let (traces, other) = (Diary::default(), inner::Client::in_process(Inner));
    let noted = traces.clone();
    let asks = from_fn(move |message: Message, next: Next| {
        let (other, noted) = (other.clone(), noted.clone());
        async move {
            noted.note(other.trace().context(message.context()).await.unwrap());
            next.run(message).await
        }
    });
    let (client, _) = in_process(|contract| contract.middleware(asks));
    let looked = client.look_around().await.unwrap();
    assert_eq!(traces.take(), [looked[5].clone()]);
}

#[tokio::test]
async fn events_it_refuses_reach_nobody() {
    let wire = Wire::default();
    let only_declared = from_fn(|message: Message, next: Next| async move {
        assert!(matches!(message.name(), Name::Event(_)));
        let event = message.body().decode_shared::<ThingScrapped>().unwrap();
        if event.thing_id == "no" {
            return Err(Fault::new(FaultKind::Forbidden, "not that one").into());
        }
        next.run(message).await
    });
    let (server, _) = serving(
        &wire,
        |server| server,
        |contract| contract.middleware_for_event::<ThingScrapped>(only_declared),
    )
    .await;
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let mut scrapped = client.subscribe::<ThingScrapped>().await.unwrap();
    let refused = server.broadcast(ThingScrapped { thing_id: "no".into() }).await;
    assert_eq!(refused.unwrap_err().kind(), FaultKind::Forbidden);
    server.broadcast(ThingScrapped { thing_id: "yes".into() }).await.unwrap();
    assert_eq!(scrapped.next().await.unwrap().thing_id, "yes");
    let mut errors = client.errors();
    client.emit(ThingScrapped { thing_id: "no".into() }).await.unwrap();
    assert_eq!(errors.next().await.unwrap().kind(), FaultKind::Forbidden);
}

#[tokio::test]
async fn it_sees_the_declaration_of_what_came_by_name() {
    let seen = Diary::default();
    let noted = seen.clone();
    let look = from_fn(move |message: Message, next: Next| {
        noted.note(match message.name() {
            Name::Request(request) => format!("{} {}", request.full_name, request.streamed),
            other => format!("{other:?}"),
        });
        next.run(message)
    });
    let server = Server::builder()
        .middleware(look)
        .serve(workshop::serve(Workshop::default()))
        .bind("memory://declared")
        .start();
    let _server = server.await.unwrap();
    let client = Client::connect("memory://declared?codec=json").await.unwrap();
    let how = Body::new(serde_json::json!({ "how": "not" }));
    client.call_raw("fail", how).await.unwrap();
    let count = Body::new(serde_json::json!({ "limit": 1, "then": "" }));
    assert_eq!(client.stream_raw("countTo", count).count().await, 1);
    client.call_raw("unknown", Body::new(0)).await.unwrap_err();
    assert_eq!(seen.take(), ["workshop/fail false", "workshop/countTo true"]);
}

#[tokio::test]
async fn it_cannot_make_a_caller_somebody_else() {
    let wire = Wire::default();
    let other = from_fn(|mut message: Message, next: Next| {
        let forged = Auth { actor: Some(Actor::new("root")), ..Auth::default() };
        message.set_context(Context::new().with_metadata("color", "red").with_auth(forged));
        next.run(message)
    });
    let add = from_fn(|mut message: Message, next: Next| {
        message.context_mut().set_metadata("added", 1);
        next.run(message)
    });
    let (_server, _) =
        serving(&wire, |server| server.middleware(add).middleware(other), |contract| contract)
            .await;
    let client = Client::builder().id("web-7").transport(wire.clone());
    let things: workshop::Client = client.connect("wire://bench").await.unwrap().typed().unwrap();
    let looked = things.look_around().await.unwrap();
    assert_eq!((looked[0].as_str(), looked[4].as_str(), looked[8].as_str()), ("web-7", "red", "-"));
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_events_in_a_chain() {
    let (wire, diary) = (Wire::default(), Diary::default());
    let (noted, slow) = (diary.clone(), |message: Message, next: Next| async move {
        sleep(SECOND).await;
        next.run(message).await
    });
    let server = Server::builder()
        .transport(wire.clone())
        .middleware(from_fn(slow))
        .serve(workshop::serve(Workshop::default()))
        .on(move |event: Received<ThingScrapped>| {
            noted.note(event.thing_id.clone());
            async { Ok(()) }
        })
        .bind("wire://bench")
        .drain(5 * SECOND)
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    for thing in ["a", "b", "c"] {
        client.emit(ThingScrapped { thing_id: thing.into() }).await.unwrap();
    }
    sleep(SECOND / 2).await;
    server.stop().await.unwrap();
    assert_eq!(diary.take(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_in_a_chain_ends_with_its_server_or_client() {
    let wire = Wire::default();
    let hangs = || from_fn(|_: Message, _: Next| std::future::pending::<Handled>());
    let (server, _) = serving(
        &wire,
        |server| server,
        |contract| contract.middleware_for_event::<ThingMade>(hangs()),
    )
    .await;
    let client = Client::builder()
        .transport(wire.clone())
        .request_timeout(1000 * SECOND)
        .middleware_for_request::<workshop::requests::Fail>(hangs())
        .middleware_for_event::<ThingScrapped>(hangs());
    let client = client.connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    let made = ThingMade { thing_id: "t".into(), stage: Stage::Done };
    let broadcast = tokio::spawn(server.broadcast(made));
    let emit = tokio::spawn(client.emit(ThingScrapped { thing_id: "t".into() }));
    let call = tokio::spawn(async move { things.fail(String::new()).await });
    sleep(SECOND).await;
    assert!(!broadcast.is_finished() && !emit.is_finished() && !call.is_finished());
    client.disconnect().await;
    assert_eq!(fault(call.await.unwrap()).kind(), FaultKind::Unavailable);
    assert_eq!(emit.await.unwrap().unwrap_err().kind(), FaultKind::Unavailable);
    assert!(server.stop().await.is_err(), "it was cut off");
    assert_eq!(broadcast.await.unwrap().unwrap_err().kind(), FaultKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_hangs_is_given_up() {
    let wire = Wire::default();
    let hangs = from_fn(|_: Message, _: Next| std::future::pending::<Handled>());
    let (_server, _) = serving(
        &wire,
        |server| server,
        |contract| contract.middleware_for_event::<ThingScrapped>(hangs),
    )
    .await;
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    for _ in 0..300 {
        client.emit(ThingScrapped { thing_id: "t".into() }).await.unwrap();
    }
    // More than may wait: what is behind them is read when they are given up.
    things.fail("not".into()).timeout(60 * SECOND).await.unwrap();
}
