//! Single lines that are cut at the worst moment.

use super::*;

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up_in_time() {
    let limit = Duration::from_millis(300);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("ws://{}/desk", silent.local_addr().unwrap());
    let start = Instant::now();
    let connecting =
        Client::builder().limits(|limits| limits.handshake = limit).connect(&*endpoint);
    let fault = guard(&[], "connect", connecting).await.unwrap_err();
    assert_passing(&[], &fault);
    assert!(start.elapsed() >= limit && start.elapsed() < limit * 10, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_connects_lazily_gets_through_whatever_is_cut_first() {
    for after in 0..5 {
        let server = Server::builder()
            .serve(desk::serve(Desk::default()))
            .bind("ws://127.0.0.1:0/desk")
            .start()
            .await
            .unwrap();
        let cuts = vec![Cut { after, middle: after % 2 == 1 }; 3];
        let proxy = Proxy::start(server.endpoints()[0].authority(), cuts.clone()).await;
        let client = Client::builder()
            .reconnect(Reconnect::new().first_delay(Duration::from_millis(1)))
            .connect_lazily(&*proxy.endpoint)
            .unwrap();
        let desk = client.typed::<desk::Client>().unwrap();
        let looked = guard(&cuts, "look", async { desk.look("x".into()).await }).await;
        assert_eq!(looked.unwrap(), "x");
    }
}

#[tokio::test]
async fn a_connection_that_was_given_up_does_not_take_the_next_one_with_it() {
    let server = Server::builder()
        .serve(desk::serve(Desk::default()))
        .bind("ws://127.0.0.1:0/desk")
        .start()
        .await
        .unwrap();
    let cuts = vec![Cut { after: 8, middle: false }];
    let proxy = Proxy::start_with(server.endpoints()[0].authority(), cuts.clone(), Some(1)).await;
    let client = Client::builder()
        .reconnect(Reconnect::new().first_delay(Duration::from_millis(1)))
        .limits(|limits| limits.handshake = Duration::from_millis(200))
        .connect(&*proxy.endpoint)
        .await
        .unwrap();
    let desk = client.typed::<desk::Client>().unwrap();
    let mut rang = client.subscribe::<desk::Rang>().await.unwrap();
    // The first connection is cut here, the second never answers, the third does.
    let look = || guard(&cuts, "look", async { desk.look("x".into()).await.unwrap() });
    look().await;
    look().await;
    assert_eq!(rang.gaps(), 1);
    // The second one only ends now, as nobody has answered its goodbye.
    guard(&cuts, "leave", proxy.left.notified()).await;
    for _ in 0..100 {
        look().await;
    }
    assert_eq!((client.status(), rang.gaps()), (ClientStatus::Connected, 1));
    assert_eq!(server.clients().len(), 1);
    server.broadcast(desk::Rang { key: "1".into() }).await.unwrap();
    let notice = guard(&cuts, "event", rang.next_notice()).await;
    assert!(matches!(notice, Some(Notice::Gap)), "{notice:?}");
    assert_eq!(guard(&cuts, "event", rang.next()).await.unwrap().key, "1");
}
