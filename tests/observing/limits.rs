//! Logs and deadlines.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_log_has_a_line_per_message() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&lines);
    let log = Log::to(move |line| written.lock().unwrap().push(line.to_owned()));
    let wire = Wire::default();
    let _server = Server::builder()
        .transport(wire.clone())
        .middleware(log)
        .serve(workshop::serve(Workshop::default()))
        .bind("wire://bench")
        .start()
        .await
        .unwrap();
    let client = Client::builder().id("web-\u{1b}[31m7\n").transport(wire.clone());
    let client = client.connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    things.make_thing("swordfish".into(), Vec::new()).await.unwrap();
    let Err(Failure::Fault(internal)) = things.fail("io".into()).await else { unreachable!() };
    assert_eq!(things.count_to(3, String::new()).count().await, 3);
    let lines = std::mem::take(&mut *lines.lock().unwrap());
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for (line, parts) in lines.iter().zip([
        [">> workshop/thingMade", "OK", ""],
        ["<- workshop/makeThing", "from web-", "OK"],
        ["<- workshop/fail", "INTERNAL_SERVER_ERROR  trace ", internal.id().unwrap()],
        ["<- workshop/countTo", "OK", "3 items"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains("swordfish") && !line.contains(SECRET), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_what_takes_too_long() {
    let wire = Wire::default();
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    let limit = Deadline::new(10 * SECOND).for_request::<workshop::requests::WaitForIt>(2 * SECOND);
    let _server = Server::builder()
        .transport(wire.clone())
        .middleware(limit)
        .serve(workshop::serve(workshop))
        .bind("wire://bench")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).request_timeout(60 * SECOND);
    let things: workshop::Client = client.connect("wire://bench").await.unwrap().typed().unwrap();
    let timeout = |reply: Result<u32, Failure<_>>| match reply {
        Err(Failure::Fault(fault)) => assert_eq!(fault.kind(), FaultKind::Timeout),
        _ => panic!("a deadline has passed"),
    };
    let start = Instant::now();
    timeout(things.wait_for_it().await.map_err(|failure| match failure {
        Failure::Fault(fault) => Failure::Fault::<common::WorkshopError>(fault),
        Failure::Declared(never) => match never {},
    }));
    assert_eq!(start.elapsed(), 2 * SECOND);
    seen.until(&seen.dropped, 1).await;

    let mut hanging = things.count_to(2, "hang".into());
    assert_eq!(hanging.next().await.unwrap().unwrap(), 0);
    assert_eq!(hanging.next().await.unwrap().unwrap(), 1);
    let start = Instant::now();
    timeout(hanging.next().await.unwrap());
    assert_eq!(start.elapsed(), 10 * SECOND);
    assert!(hanging.next().await.is_none());
    // What the caller allows holds as well.
    let start = Instant::now();
    assert!(things.wait_for_it().timeout(SECOND).await.is_err());
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test]
async fn a_log_that_panics_fails_no_message() {
    let panics = || Log::to(|_| panic!("the disk is full"));
    let server = Server::builder()
        .middleware(panics())
        .serve(workshop::serve(Workshop::default()))
        .bind("memory://a-log-that-panics")
        .start()
        .await
        .unwrap();
    let client = Client::builder().middleware(panics());
    let client = client.connect("memory://a-log-that-panics").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    things.fail("not".into()).await.unwrap();
    // Not even where something else panics already.
    let Err(Failure::Fault(internal)) = things.fail("panic".into()).await else { unreachable!() };
    assert_eq!(internal.kind(), FaultKind::Internal);
    server.stop().await.unwrap();
}
