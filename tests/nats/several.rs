//! Several servers behind one prefix, which come and go.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use magicbutton::{Client, ClientStatus, Context, FaultKind, Reply, Server, contract};

use crate::{
    contract::{Done, depot, server},
    lossy::lossy,
    nats_server,
};

#[tokio::test]
async fn every_server_knows_every_client_and_reaches_it() {
    let Some(engine) = nats_server::start() else { return };
    let done = Done::default();
    let one = server("one", &done).bind(engine.url("")).start().await.unwrap();
    let two = server("two", &done).bind(engine.url("")).start().await.unwrap();
    let ada = Client::builder().id("ada").connect(engine.url("")).await.unwrap();
    let bob = Client::builder().id("bob").connect(engine.url("")).await.unwrap();
    // One that comes later hears of those who are there.
    let three = server("three", &done).bind(engine.url("")).start().await.unwrap();
    let mut hers = ada.subscribe::<depot::Arrived>().await.unwrap();
    let mut his = bob.subscribe::<depot::Arrived>().await.unwrap();
    let listed = async {
        loop {
            let lists = [&one, &two, &three].map(|server| {
                let mut ids: Vec<_> = server.clients().into_iter().map(|c| c.client_id).collect();
                ids.sort();
                ids
            });
            if lists.iter().all(|list| *list == ["ada", "bob"]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), listed).await.expect("all are listed by all");
    for server in [&one, &two, &three] {
        let parcel = format!("from {}", server.id());
        server.send_to("ada", depot::Arrived { parcel: parcel.clone() }).await.unwrap();
        assert_eq!(hers.next().await.unwrap().parcel, parcel);
        let parcel = format!("from {} to all", server.id());
        server.broadcast(depot::Arrived { parcel: parcel.clone() }).await.unwrap();
        assert_eq!(hers.next().await.unwrap().parcel, parcel, "once, though three know her");
        assert_eq!(his.next().await.unwrap().parcel, parcel);
    }
    drop(ada);
    let forgotten = async {
        while [&one, &two, &three].iter().any(|server| server.clients().len() != 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), forgotten).await.expect("all have forgotten her");
}

#[tokio::test]
async fn a_server_that_was_away_for_a_moment_goes_on() {
    let Some(engine) = nats_server::start() else { return };
    let (done, way) = (Done::default(), lossy(engine.address(), "none").await);
    let server = server("one", &done).bind(format!("nats://{}/", way.address)).start().await;
    let server = server.unwrap();
    let client = Client::builder().id("ada").connect(engine.url("")).await.unwrap();
    let mut arrived = client.subscribe::<depot::Arrived>().await.unwrap();
    let depot: depot::Client = client.typed().unwrap();
    // One who has joined, too, and is gone.
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let join = serde_json::json!({ "clientId": "bob", "connection": "x", "maxMessage": 1_000 });
    let (door, reply) = ("mb.$sys.door.join", format!("{}.join", nats.new_inbox()));
    nats.publish_with_reply(door, reply, join.to_string().into()).await.unwrap();
    let listed = async |count: usize| {
        let listed = async {
            while server.clients().len() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(8), listed).await.expect("they are listed");
    };
    listed(2).await;
    let working = tokio::spawn(async move { depot.work(1, 1_500).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    way.cut();
    let worked = tokio::time::timeout(Duration::from_secs(5), working).await;
    assert_eq!(worked.expect("what is at work goes on").unwrap().as_deref(), Ok("one"));
    server.send_to("ada", depot::Arrived { parcel: "still known".into() }).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(1), arrived.next()).await;
    assert_eq!(told.expect("she is reached").unwrap().parcel, "still known");
    listed(1).await;
    assert_eq!(server.clients()[0].client_id, "ada");
}

#[tokio::test]
async fn servers_share_the_load_and_no_call_runs_twice() {
    let Some(engine) = nats_server::start() else { return };
    let done = Done::default();
    let _one = server("one", &done).bind(engine.url("")).start().await.unwrap();
    let _two = server("two", &done).bind(engine.url("")).start().await.unwrap();
    let client: depot::Client = Client::connect(engine.url("")).await.unwrap().typed().unwrap();
    let calls = (0..200).map(|number| client.work(number, 0));
    let names = futures_util::future::join_all(calls).await;
    let by = |name: &str| names.iter().filter(|by| by.as_deref() == Ok(name)).count();
    assert_eq!(by("one") + by("two"), 200);
    assert!(by("one") > 20 && by("two") > 20, "{} and {}", by("one"), by("two"));
    assert!(done.lock().unwrap().values().all(|times| *times == 1));
}

/// Three servers, 64 calls under way at any time, and each server restarted in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_rolling_restart_no_call_fails_and_none_runs_twice() {
    let Some(engine) = nats_server::start() else { return };
    let done = Done::default();
    let url = engine.url("");
    let start = async |name: &str| -> Server {
        server(name, &done).bind(url.as_str()).start().await.unwrap()
    };
    let names = ["one", "two", "three"];
    let mut servers = Vec::new();
    for name in names {
        servers.push(start(name).await);
    }
    let client: depot::Client = Client::connect(url.as_str()).await.unwrap().typed().unwrap();
    let (next, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (client, next, over) = (client.clone(), Arc::clone(&next), Arc::clone(&over));
            tokio::spawn(async move {
                let mut made = 0;
                while !over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let millis = number % 8;
                    if let Err(failure) = client.work(number, millis).await {
                        return Err(format!("call {number} failed: {failure}"));
                    }
                    made += 1;
                }
                Ok(made)
            })
        })
        .collect();
    for round in 0..20 {
        let at = round % names.len();
        servers[at].stop().await.unwrap();
        servers[at] = start(names[at]).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut made = 0;
    for caller in callers {
        made += caller.await.unwrap().unwrap_or_else(|failed| panic!("{failed}"));
    }
    let done = done.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(done.len(), made, "every call was carried out");
    let twice: Vec<_> = done.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "carried out more than once: {twice:?}");
    println!("{made} calls through 20 restarts: none failed, none ran twice");
    assert!(made > 1_000, "too few calls to prove anything: {made}");
}

#[tokio::test]
async fn a_contract_that_nobody_serves_for_a_while_may_be_tried_again() {
    let Some(engine) = nats_server::start() else { return };
    let start =
        async || server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let (_other, _) = crate::identity::serve(&engine.url("")).await;
    let depots = start().await;
    let client = Client::builder().limits(|limits| limits.heartbeat = Duration::from_millis(100));
    let client = client.connect(engine.url("")).await.unwrap();
    let depot: depot::Client = client.typed().unwrap();
    assert_eq!(depot.find("p".into()).await.unwrap(), "p is here");
    depots.stop().await.unwrap();
    for _ in 0..5 {
        let told = depot.find("p".into()).await.unwrap_err().into_fault();
        assert_eq!((told.code(), told.is_retryable()), ("UNAVAILABLE", true), "{told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(client.status(), ClientStatus::Connected);
    let _depots = start().await;
    assert_eq!(depot.find("p".into()).await.unwrap(), "p is here");
}

#[tokio::test]
async fn a_client_outlives_its_engine() {
    let Some(mut engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let mut events = client.subscribe::<depot::Arrived>().await.unwrap();
    let depot: depot::Client = client.typed().unwrap();
    let mut status = client.watch_status();
    engine.kill();
    status.wait_for(|s| matches!(s, ClientStatus::Reconnecting(_))).await.unwrap();
    let told = depot.find("p".into()).await.unwrap_err();
    assert_eq!(told.code(), "UNAVAILABLE");
    engine.restart();
    let back = status.wait_for(|status| *status == ClientStatus::Connected);
    tokio::time::timeout(Duration::from_secs(20), back).await.unwrap().unwrap();
    assert_eq!(depot.find("p".into()).await.unwrap(), "p is here");
    server.broadcast(depot::Arrived { parcel: "after".into() }).await.unwrap();
    let event = events.next().await.unwrap();
    assert_eq!((event.parcel.as_str(), event.follows_gap()), ("after", true));
}

contract!(
    #[contract(name = "mint", version = "1.4.0")]
    mod mint_1 {
        #[event]
        struct Struck {
            coins: u32,
        }

        #[request]
        async fn strike(coins: u32) -> u32;
    }
);

contract!(
    #[contract(name = "mint", version = "2.0.0")]
    mod mint_2 {
        #[event]
        struct Struck {
            worth: String,
        }

        #[request]
        async fn strike(worth: String) -> String;
    }
);

contract!(
    #[contract(name = "mint", version = "3.0.0")]
    mod mint_3 {
        #[request]
        async fn strike() -> bool;
    }
);

struct Mint;

impl mint_1::Service for Mint {
    async fn strike(&self, cx: &Context, coins: u32) -> Reply<u32> {
        cx.broadcast(mint_1::Struck { coins }).await?;
        Ok(coins)
    }
}

impl mint_2::Service for Mint {
    async fn strike(&self, cx: &Context, worth: String) -> Reply<String> {
        cx.broadcast(mint_2::Struck { worth: worth.clone() }).await?;
        Ok(worth)
    }
}

#[tokio::test]
async fn two_major_versions_of_a_contract_live_side_by_side() {
    let Some(engine) = nats_server::start() else { return };
    let serve = |of| Server::builder().serve(of).bind(engine.url("")).start();
    let _old = serve(mint_1::serve(Mint)).await.unwrap();
    let _new = serve(mint_2::serve(Mint)).await.unwrap();
    for _ in 0..4 {
        let old = mint_1::Client::connect(engine.url("")).await.unwrap();
        let new = mint_2::Client::connect(engine.url("")).await.unwrap();
        let mut coins = old.client().subscribe::<mint_1::Struck>().await.unwrap();
        let mut worth = new.client().subscribe::<mint_2::Struck>().await.unwrap();
        assert_eq!(old.strike(3).await, Ok(3));
        assert_eq!(new.strike("ten".into()).await.as_deref(), Ok("ten"));
        assert_eq!(coins.next().await.unwrap().coins, 3);
        assert_eq!(worth.next().await.unwrap().worth, "ten");
        assert_eq!((coins.undecodable(), worth.undecodable()), (0, 0));
    }
    let next = mint_3::Client::connect(engine.url("")).await.unwrap_err();
    assert_eq!(next.kind(), FaultKind::ContractMismatch);
}
