//! Starting, stopping, connecting, leaving: nothing hangs, nothing is lost, everybody is told.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{sync::atomic::Ordering, time::Duration};

use common::{ThingMade, WAYS, Workshop, bench, connect, named, workshop};
use futures_util::StreamExt;
use magicbutton::{
    Client, ClientStatus, EndReason, Failure, Fault, FaultKind, Reply, Server, StartError,
    StopError, contract,
};
use tokio::time::Instant;

fn unavailable<T: std::fmt::Debug, E: std::fmt::Debug>(reply: Reply<T, E>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) if fault.kind() == FaultKind::Unavailable => fault,
        other => panic!("expected UNAVAILABLE: {other:?}"),
    }
}

#[tokio::test]
async fn two_servers_on_one_name_are_one_too_many() {
    let first = bench("taken", "").await;
    let second = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .bind("memory://free")
        .bind("memory://taken")
        .start()
        .await;
    let error = second.unwrap_err();
    assert!(matches!(error, StartError::Bind(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "cannot serve: memory://taken is served already: stop who serves it, or choose another endpoint"
    );
    // It started on no endpoint at all.
    let fault = Client::connect("memory://free").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    // And the name is free again once its server has stopped.
    first.server.stop().await.unwrap();
    bench("taken", "").await.server.stop().await.unwrap();
}

#[tokio::test]
async fn connecting_to_a_name_nobody_serves_fails_at_once() {
    for way in WAYS {
        let fault = Client::connect(format!("memory://nobody{way}")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert_eq!(
            fault.message(),
            "nobody serves memory://nobody in this process: start its server first"
        );
        assert!(fault.is_retryable());
    }
}

#[tokio::test]
async fn a_wrong_connection_string_says_what_is_wrong() {
    for (text, reason) in [
        ("orders", "it has no scheme"),
        ("memory://a b", "not a connection string"),
        ("carrier-pigeon://roof", "no transport for `carrier-pigeon://`: one is added"),
        ("memory://orders?codec=xml", "no codec is called `xml`: there is json"),
        ("memory://orders?speed=fast", "no option is called `speed`: there is codec"),
        ("memory://orders/path", "a memory endpoint has a name and no path"),
    ] {
        let fault = Client::connect(text).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ValidationFailed);
        assert!(fault.message().contains(reason), "{text}: {fault}");
        let error = Server::builder().bind(text).start().await.unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}

contract!(
    #[contract(name = "workshop", version = "2.0.0")]
    mod workshop_two {}
);

contract!(
    #[contract(version = "1.0.0")]
    mod nowhere {}
);

impl workshop_two::Service for Workshop {}

#[tokio::test]
async fn a_client_of_another_contract_is_told_before_its_first_call() {
    let _bench = bench("mismatch", "").await;
    let fault = workshop_two::Client::connect("memory://mismatch").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::ContractMismatch);
    assert_eq!(
        fault.message(),
        "the server serves `workshop` 1.2.3, this side speaks 2.0.0: build both from one major version"
    );
    let details =
        serde_json::json!({ "contract": "workshop", "client": "2.0.0", "server": "1.2.3" });
    assert_eq!(fault.details(), Some(&details));
    let fault = nowhere::Client::connect("memory://mismatch").await.unwrap_err();
    assert_eq!(
        fault.message(),
        "the server does not serve the contract `nowhere`: it serves `workshop`"
    );
}

#[tokio::test]
async fn two_contracts_of_one_name_cannot_share_a_server() {
    let error = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .serve(workshop_two::serve(Workshop::default()))
        .start()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "two contracts are called `workshop`: give one another `name` in `#[contract(..)]`"
    );
}

#[tokio::test]
async fn a_server_takes_so_many_clients_and_no_more() {
    let _server =
        Server::builder().id("small").max_clients(2).bind("memory://small").start().await.unwrap();
    let first = Client::connect("memory://small").await.unwrap();
    let _second = Client::connect("memory://small").await.unwrap();
    let fault = Client::connect("memory://small").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert_eq!(
        fault.message(),
        "the server small has 2 clients, as many as it takes: try again later, or raise its `max_clients`"
    );
    drop(first);
    Client::connect("memory://small").await.unwrap();
}

#[tokio::test]
async fn a_server_may_force_the_codec_on_all_its_clients() {
    let _server = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .bind("memory://forced?codec=json")
        .start()
        .await
        .unwrap();
    let client = connect("forced", "").await;
    let mut seen = client.subscribe::<ThingMade>().await.unwrap();
    client.make_thing("t-1".into(), vec![]).await.unwrap();
    // An event that has been through the codec is nobody else's.
    let event = seen.next().await.unwrap().into_shared();
    assert_eq!(std::sync::Arc::strong_count(&event), 1);
    assert_eq!(event.thing_id, "t-1");
}

/// A transport of a user's own: the one in memory, under another scheme.
struct Relabelled;

#[async_trait::async_trait]
impl magicbutton::Transport for Relabelled {
    fn schemes(&self) -> &'static [&'static str] {
        &["paper"]
    }

    async fn connect(
        &self,
        endpoint: &mb_core::Endpoint,
        dial: mb_core::Dial,
    ) -> Result<mb_core::Connection, Fault> {
        let endpoint = format!("memory://paper-{}", endpoint.authority()).parse().unwrap();
        mb_transport_memory::Memory.connect(&endpoint, dial).await
    }

    async fn bind(
        &self,
        endpoint: &mb_core::Endpoint,
        host: std::sync::Arc<dyn mb_core::Host>,
    ) -> Result<Box<dyn mb_core::Binding>, mb_core::BindError> {
        let endpoint = format!("memory://paper-{}", endpoint.authority()).parse().unwrap();
        mb_transport_memory::Memory.bind(&endpoint, host).await
    }
}

#[tokio::test]
async fn a_transport_of_ones_own_is_used_for_its_scheme() {
    let server = Server::builder()
        .transport(Relabelled)
        .serve(workshop::serve(Workshop::default()))
        .bind("paper://desk")
        .start()
        .await
        .unwrap();
    assert_eq!(server.endpoints().first().unwrap().to_string(), "memory://paper-desk");
    let client = Client::builder().transport(Relabelled).connect("paper://desk").await.unwrap();
    let client: workshop::Client = client.typed().unwrap();
    assert!(client.make_thing("t".into(), vec![]).await.is_ok());
    let fault = Client::connect("paper://desk").await.unwrap_err();
    assert!(fault.message().contains("no transport for `paper://`"), "{fault}");
}

#[tokio::test]
async fn one_server_may_have_several_endpoints() {
    let server = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .bind("memory://front")
        .bind("memory://back")
        .start()
        .await
        .unwrap();
    let endpoints: Vec<_> = server.endpoints().iter().map(ToString::to_string).collect();
    assert_eq!(endpoints, ["memory://front", "memory://back"]);
    let (front, back) = (connect("front", "").await, connect("back", "?codec=json").await);
    let mut seen = front.subscribe::<ThingMade>().await.unwrap();
    back.make_thing("t-1".into(), vec![]).await.unwrap();
    assert_eq!(seen.next().await.unwrap().thing_id, "t-1");
}

#[tokio::test]
async fn a_stopping_server_lets_calls_finish_and_takes_no_new_ones() {
    for way in WAYS {
        let bench = bench(&named("drain", way), way).await;
        let mut running = Box::pin(bench.client.wait_for_it());
        assert!(futures_util::poll!(&mut running).is_pending());
        let mut stopping = Box::pin(bench.server.stop());
        assert!(futures_util::poll!(&mut stopping).is_pending());
        tokio::task::yield_now().await;
        let fault = unavailable(bench.client.make_thing("t".into(), vec![]).await);
        assert_eq!(fault.message(), "the server has stopped, or is stopping");
        bench.seen.go_on.notify_one();
        assert_eq!(running.await, Ok(7));
        assert_eq!(stopping.await, Ok(()));
        // Stopping again is the same stop.
        assert_eq!(bench.server.stop().await, Ok(()));
        assert_eq!(bench.server.stopped().await, Ok(()));
        unavailable(bench.client.make_thing("t".into(), vec![]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_outlasts_the_drain_is_cut_off_and_told() {
    for way in WAYS {
        let bench = bench(&named("cut", way), way).await;
        let start = Instant::now();
        let (reply, detached, stopped) = tokio::join!(
            bench.client.wait_for_it(),
            bench.client.wait_detached(),
            bench.server.stop()
        );
        // They may have run in part: not to be sent again without thought.
        assert!(!unavailable(reply).is_retryable());
        assert!(!unavailable(detached).is_retryable());
        assert_eq!(stopped, Err(StopError::CutOff { calls: 2, handlers: 0 }));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(bench.seen.dropped.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_stop_no_handler_runs() {
    for way in WAYS {
        let bench = bench(&named("after-stop", way), way).await;
        let mut held = Box::pin(bench.client.wait_for_it());
        assert!(futures_util::poll!(&mut held).is_pending());
        // What the handler waits for is there, but its caller does not go on.
        bench.seen.go_on.notify_one();
        assert_eq!(bench.server.stop().await, Err(StopError::CutOff { calls: 1, handlers: 0 }));
        unavailable(held.await);
        assert_eq!(bench.seen.finished.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_goes_on_when_its_future_is_dropped() {
    let bench = bench("stop-dropped", "").await;
    let mut running = Box::pin(bench.client.wait_for_it());
    assert!(futures_util::poll!(&mut running).is_pending());
    let stop = tokio::time::timeout(Duration::from_secs(1), bench.server.stop());
    assert!(stop.await.is_err());
    bench.seen.go_on.notify_one();
    assert_eq!(running.await, Ok(7));
    assert_eq!(bench.server.stopped().await, Ok(()));
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_server_at_once() {
    for way in WAYS {
        let name = named("handle", way);
        let common::Bench { server, client, seen } = bench(&name, way).await;
        let clone = server.clone();
        drop(server);
        assert!(client.make_thing("t".into(), vec![]).await.is_ok());
        let mut running = Box::pin(client.wait_for_it());
        assert!(futures_util::poll!(&mut running).is_pending());
        drop(clone);
        unavailable(running.await);
        assert_eq!(seen.dropped.load(Ordering::SeqCst), 1);
        let disconnected = ClientStatus::Disconnected(EndReason::ServerStopped);
        assert_eq!(client.client().status(), disconnected);
        unavailable(
            Client::connect(format!("memory://{name}"))
                .await
                .map_err(Failure::<magicbutton::Never>::from),
        );
    }
}

#[tokio::test]
async fn a_client_is_called_something_of_at_most_256_bytes() {
    let bench = bench("called", "").await;
    for (id, is_fine) in [("", false), (&*"x".repeat(257), false), (&*"x".repeat(256), true)] {
        let client = Client::builder().id(id).connect("memory://called").await;
        assert_eq!(client.is_ok(), is_fine, "{id}");
        if let Err(fault) = client {
            assert_eq!(fault.message(), "a clientId has 1 to 256 bytes");
        }
    }
    drop(bench);
}

#[tokio::test]
async fn the_status_can_be_watched() {
    for way in WAYS {
        let bench = bench(&named("status", way), way).await;
        let client = bench.client.client();
        let mut watched = client.watch_status();
        let changes = client.status_changes();
        assert_eq!(client.status(), ClientStatus::Connected);
        assert_eq!(*watched.borrow_and_update(), ClientStatus::Connected);
        bench.server.stop().await.unwrap();
        let stopped = ClientStatus::Disconnected(EndReason::ServerStopped);
        watched.changed().await.unwrap();
        assert_eq!(*watched.borrow(), stopped);
        assert_eq!(client.status(), stopped);
        drop((watched, bench.client));
        let changes: Vec<_> = changes.collect().await;
        assert_eq!(changes.last(), Some(&stopped));
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_forgotten() {
    for way in WAYS {
        let name = named("leaving", way);
        let bench = bench(&name, way).await;
        let leaving = connect(&name, way).await;
        assert_eq!(bench.server.clients().len(), 2);
        leaving.client().disconnect().await;
        leaving.client().disconnect().await;
        assert_eq!(bench.server.clients().len(), 1);
        let fault = unavailable(leaving.make_thing("t".into(), vec![]).await);
        assert_eq!(fault.message(), "this client has disconnected");
        let status = ClientStatus::Disconnected(EndReason::ClientDisconnected);
        assert_eq!(leaving.client().status(), status);
        // So is one whose last handle is dropped.
        let dropped = connect(&name, way).await;
        let clone = dropped.clone();
        drop(dropped);
        assert_eq!(bench.server.clients().len(), 2);
        drop(clone);
        assert_eq!(bench.server.clients().len(), 1);
        // The others are not disturbed.
        assert!(bench.client.make_thing("t".into(), vec![]).await.is_ok());
    }
}

#[tokio::test]
async fn a_broadcast_after_the_stop_is_refused() {
    let bench = bench("late-broadcast", "").await;
    bench.server.stop().await.unwrap();
    let event = ThingMade { thing_id: "t".into(), stage: common::Stage::Done };
    let fault = bench.server.broadcast(event.clone()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    let fault = bench.server.send_to("anybody", event).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
}
