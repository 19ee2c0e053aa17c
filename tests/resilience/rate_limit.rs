//! How much each may send.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, future::join_all};
use magicbutton::{
    Actor, ClientBuilder, Fault, FaultKind, Message, Received,
    auth::{Credentials, Login, LoginError},
    middleware::{RateLimit, Retry},
};
use tokio::time::{Instant, sleep};

use crate::backend::{Backend, MS, SECOND, ShopClient, Visited, fault, open_with};

/// So many calls at once: how many are taken, and the faults of the others.
async fn burst(client: &ShopClient, calls: u32) -> (usize, Vec<Fault>) {
    let replies = join_all((0..calls).map(|thing| client.order(thing))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(Result::is_ok);
    (taken.len(), refused.into_iter().map(fault).collect())
}

fn called(id: &str) -> impl FnOnce(ClientBuilder) -> ClientBuilder {
    move |client| client.id(id)
}

#[tokio::test(start_paused = true)]
async fn each_client_has_a_limit_of_its_own() {
    let backend = Backend::new(|_| Ok(()));
    let limit = RateLimit::per_client(10, SECOND);
    let open = open_with(&backend, |server| server.middleware(limit)).await;
    let (ada, bob) = (open.client(called("ada")).await, open.client(called("bob")).await);
    let (taken, refused) = burst(&ada, 25).await;
    assert_eq!((taken, refused.len()), (10, 15));
    for fault in &refused {
        assert_eq!((fault.kind(), fault.is_retryable()), (FaultKind::RateLimitExceeded, true));
        assert_eq!(fault.retry_after(), Some(100 * MS), "one each 100 ms");
    }
    assert_eq!(burst(&bob, 10).await.0, 10, "and is nobody else's");
    // The same client over another connection is the same client.
    let again = open.client(called("ada")).await;
    assert_eq!(burst(&again, 5).await.0, 0);
    sleep(SECOND).await;
    assert_eq!(burst(&ada, 25).await.0, 10);
    assert_eq!(backend.calls(), 30);
}

#[tokio::test(start_paused = true)]
async fn it_says_exactly_how_long_to_wait() {
    let backend = Backend::timed(|_| (Duration::ZERO, Ok(())));
    let limit = RateLimit::per_client(60, 60 * SECOND).burst(1);
    let open = open_with(&backend, |server| server.middleware(limit)).await;
    open.wire.set_latency(Duration::ZERO);
    let client = open.client(|client| client).await;
    client.order(1).await.unwrap();
    sleep(300 * MS).await;
    let wait = fault(client.order(1).await).retry_after().unwrap();
    assert!((690 * MS..=700 * MS).contains(&wait), "{wait:?}");
    sleep(wait - 10 * MS).await;
    fault(client.order(1).await);
    sleep(10 * MS).await;
    client.order(1).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_is_told_to_wait_and_does_gets_everything_done() {
    let backend = Backend::new(|_| Ok(()));
    let limit = RateLimit::per_client(10, SECOND).burst(1);
    let open = open_with(&backend, |server| server.middleware(limit)).await;
    let client = open.client(|client| client.middleware(Retry::new())).await;
    let start = Instant::now();
    for thing in 0..50 {
        client.order(thing).await.unwrap();
    }
    println!("50 orders at 10 per second, each told when: {:?}", start.elapsed());
    assert!((4900 * MS..8 * SECOND).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn each_actor_has_one_over_all_connections() {
    let backend = Backend::new(|_| Ok(()));
    let who = |credentials: Credentials| match credentials {
        Credentials::Password { username, .. } => Ok(Login::new(Actor::new(username))),
        _ => Err(LoginError::InvalidToken),
    };
    let limit = RateLimit::per_actor(10, SECOND);
    let open = open_with(&backend, |server| server.middleware(limit).authenticator(who)).await;
    let log_in = |name: &str| {
        let credentials = Credentials::password(name, "");
        |client: ClientBuilder| client.login(credentials)
    };
    let (phone, laptop) = (open.client(log_in("ada")).await, open.client(log_in("ada")).await);
    assert_eq!(burst(&phone, 6).await.0, 6);
    assert_eq!(burst(&laptop, 6).await.0, 4, "the same actor");
    assert_eq!(burst(&open.client(log_in("bob")).await, 6).await.0, 6);
    // Nobody is logged in: by the client, even where it calls itself as an actor does.
    let stranger = open.client(called("ada")).await;
    assert_eq!(burst(&stranger, 25).await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn a_key_may_be_anything_and_old_keys_are_forgotten() {
    let backend = Backend::timed(|_| (Duration::ZERO, Ok(())));
    let by_thing = |message: &Message| {
        let order = message.body().decode_shared::<crate::backend::shop::requests::Order>().ok()?;
        (order.thing != 0).then(|| format!("thing {}", order.thing))
    };
    let limit = Arc::new(RateLimit::per_key(1, 60 * SECOND, by_thing).max_keys(100));
    let open = open_with(&backend, |server| server.middleware(Arc::clone(&limit))).await;
    open.wire.set_latency(Duration::ZERO);
    let client = open.client(|client| client).await;
    client.order(1).await.unwrap();
    assert_eq!(fault(client.order(1).await).kind(), FaultKind::RateLimitExceeded);
    client.order(2).await.unwrap();
    assert_eq!(burst(&client, 1).await.0, 1, "thing 0 has no key");
    assert_eq!(join_all((0..20).map(|_| client.order(0))).await.len(), 20);

    let mut most = 0;
    for thing in 3..5000 {
        client.order(thing).await.unwrap();
        if thing % 10 == 0 {
            // Seen again and again, it is not forgotten, whoever else comes by.
            fault(client.order(1).await);
        }
        most = most.max(limit.keys());
    }
    println!("5000 keys came by, {most} were known at a time");
    assert!((50..=100).contains(&most), "{most}");
    client.order(3).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn events_count_as_well() {
    let backend = Backend::new(|_| Ok(()));
    let limit = RateLimit::per_client(5, 60 * SECOND);
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let open = open_with(&backend, |server| {
        server.middleware(limit).on(move |_: Received<Visited>| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok(()))
        })
    })
    .await;
    let client = open.untyped(|client| client).await;
    let mut errors = client.errors();
    for _ in 0..8 {
        client.emit(Visited { by: "ada".into() }).await.unwrap();
    }
    for _ in 0..3 {
        let refused = tokio::time::timeout(SECOND, errors.next()).await.unwrap().unwrap();
        assert_eq!(refused.kind(), FaultKind::RateLimitExceeded);
        assert!(refused.retry_after().is_some());
    }
    sleep(SECOND).await;
    assert_eq!(seen.load(Ordering::SeqCst), 5);
    fault(client.typed::<ShopClient>().unwrap().order(1).await);
    // What the server itself sends is not limited.
    let mut visits = client.subscribe::<Visited>().await.unwrap();
    for _ in 0..20 {
        open.server.broadcast(Visited { by: "the house".into() }).await.unwrap();
        visits.next().await.unwrap();
    }
}
