//! When a service is left alone, and when it is tried again.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use magicbutton::{
    Context, Failure, Fault, FaultKind, Reply, Server, contract,
    middleware::{BreakerState, CircuitBreaker, Retry},
};
use tokio::time::{Instant, sleep};

use crate::{
    backend::{Backend, MS, SECOND, ShopClient, ShopError, calls_every, down, fault, open},
    wire::Wire,
};

/// Fails often enough to open a breaker that is as it comes.
async fn trip(client: &ShopClient) {
    for _ in 0..20 {
        assert_eq!(fault(client.price(1).await).retry_after(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_down_is_left_alone() {
    let (rate, seconds) = (100, 60);
    let mut reached = Vec::new();
    for guarded in [false, true] {
        let backend = Backend::new(|_| Err(down()));
        let open = open(&backend).await;
        let breaker = Arc::new(CircuitBreaker::new());
        let client = open
            .client(|client| match guarded {
                true => client.middleware(Arc::clone(&breaker)),
                false => client,
            })
            .await;
        let replies = calls_every(SECOND / rate, rate * seconds, &client).await;
        assert!(replies.into_iter().all(|reply| fault(reply).kind() == FaultKind::Unavailable));
        reached.push(backend.calls());
    }
    let calls = (rate * seconds) as usize;
    let since_open = 100.0 * (1.0 - (reached[1] - 20) as f64 / (calls - 20) as f64);
    println!(
        "a backend that is down, {rate} calls/s for {seconds} s: {} calls reach it without a breaker, {} with one: {since_open:.2} % fewer once it is open",
        reached[0], reached[1]
    );
    assert_eq!(reached[0], calls);
    assert!(since_open > 95.0);
}

#[tokio::test(start_paused = true)]
async fn it_says_how_long_it_stays_open_and_recovers() {
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let breaker = Arc::new(CircuitBreaker::new());
    let mut watched = breaker.watch("shop");
    let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
    trip(&client).await;
    assert_eq!(
        (breaker.state(), *watched.borrow_and_update()),
        (BreakerState::Open, BreakerState::Open)
    );
    let opened = Instant::now();

    sleep(2 * SECOND).await;
    let now = Instant::now();
    let refused = fault(client.price(1).await);
    assert_eq!(refused.kind(), FaultKind::Unavailable);
    assert!(refused.is_retryable() && !refused.may_have_run());
    assert_eq!(now.elapsed(), Duration::ZERO, "at once");
    let left = refused.retry_after().unwrap();
    assert!((3 * SECOND - 10 * MS..=3 * SECOND).contains(&left), "{left:?}");
    assert_eq!(backend.calls(), 20);

    // It is down for one try more, and then it is well.
    sleep(left).await;
    assert_eq!(fault(client.price(1).await).message(), "the database is gone");
    assert_eq!((backend.calls(), breaker.state()), (21, BreakerState::Open));
    let left = fault(client.price(1).await).retry_after().unwrap();
    assert!(left > 4 * SECOND, "open for a whole time again: {left:?}");
    backend.now(|_| Ok(()));
    sleep(left).await;
    assert_eq!(client.price(1).await.unwrap(), 10);
    assert_eq!(
        (breaker.state(), *watched.borrow_and_update()),
        (BreakerState::Closed, BreakerState::Closed)
    );
    println!("well again {:?} after it was opened", opened.elapsed());
    assert!(calls_every(MS, 100, &client).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn half_open_it_lets_few_through() {
    for (probes, reach) in [(1, 1), (3, 3)] {
        let backend = Backend::new(|_| Err(down()));
        let open = open(&backend).await;
        let breaker = Arc::new(CircuitBreaker::new().probes(probes));
        let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
        trip(&client).await;
        backend.now(|_| Ok(()));
        sleep(5 * SECOND).await;
        let replies = join_all((0..50).map(|_| client.price(1))).await;
        let through = replies.iter().filter(|reply| reply.is_ok()).count();
        println!("of 50 calls at once, {through} are let through when half open");
        assert_eq!((through, backend.calls() - 20), (reach, reach));
        assert_eq!(breaker.state(), BreakerState::Closed, "they went well");
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_given_up_makes_room_for_another() {
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let breaker = Arc::new(CircuitBreaker::new());
    let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
    trip(&client).await;
    backend.now(|_| Ok(()));
    sleep(5 * SECOND).await;
    let given_up = tokio::time::timeout(2 * MS, client.price(1).into_future()).await;
    assert!(given_up.is_err());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    client.price(1).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn only_what_speaks_of_its_health_counts() {
    let fault = |kind| Failure::Fault(Fault::new(kind, "for a test"));
    let cases: [(Failure<ShopError>, BreakerState); 8] = [
        (ShopError::NoSuchThing.into(), BreakerState::Closed),
        (ShopError::Busy.into(), BreakerState::Closed),
        (fault(FaultKind::ValidationFailed), BreakerState::Closed),
        (fault(FaultKind::Forbidden), BreakerState::Closed),
        (fault(FaultKind::RateLimitExceeded), BreakerState::Closed),
        (fault(FaultKind::Unavailable), BreakerState::Open),
        (fault(FaultKind::Timeout), BreakerState::Open),
        (fault(FaultKind::Internal), BreakerState::Open),
    ];
    for (failure, state) in cases {
        let answer = failure.clone();
        let backend = Backend::new(move |_| Err(answer.clone()));
        let open = open(&backend).await;
        let breaker = Arc::new(CircuitBreaker::new());
        let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
        for nth in 0..20 {
            assert_eq!(breaker.state(), BreakerState::Closed, "{failure:?}, {nth}");
            assert!(client.price(1).await.is_err());
        }
        assert_eq!(breaker.state(), state, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_their_deadline_ends_count_and_calls_given_up_do_not() {
    for given_up in [true, false] {
        let backend = Backend::timed(|_| (60 * SECOND, Ok(())));
        let open = open(&backend).await;
        let breaker = Arc::new(CircuitBreaker::new());
        let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
        for _ in 0..20 {
            if given_up {
                let call = client.price(1).into_future();
                assert!(tokio::time::timeout(100 * MS, call).await.is_err());
            } else {
                let late = fault(client.price(1).timeout(100 * MS).await);
                assert_eq!(late.kind(), FaultKind::Timeout);
            }
        }
        let state = if given_up { BreakerState::Closed } else { BreakerState::Open };
        assert_eq!(breaker.state(), state, "given up: {given_up}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_looks_at_the_last_calls_and_at_enough_of_them() {
    let backend = Backend::new(|_| Ok(()));
    let open = open(&backend).await;
    let breaker = Arc::new(CircuitBreaker::new().window(10, 4).failure_rate(0.5));
    let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
    // A thousand that went well are forgotten.
    assert!(calls_every(MS, 1000, &client).await.iter().all(Result::is_ok));
    backend.now(|_| Err(down()));
    let mut failures = 0;
    while breaker.state() == BreakerState::Closed {
        client.price(1).await.unwrap_err();
        failures += 1;
    }
    println!("a window of 10 calls, after 1000 that went well, is over after {failures} failures");
    assert_eq!(failures, 5);

    let breaker = Arc::new(CircuitBreaker::new().window(10, 4).failure_rate(0.5));
    let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
    for nth in 0..4 {
        assert_eq!(breaker.state(), BreakerState::Closed, "{nth} are not enough to tell");
        client.price(1).await.unwrap_err();
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_by_its_first_item() {
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let breaker = Arc::new(CircuitBreaker::new());
    let client = open.client(|client| client.middleware(Arc::clone(&breaker))).await;
    for _ in 0..20 {
        let items: Vec<_> = client.prices(3).collect().await;
        assert_eq!((items.len(), fault(items[0].clone()).kind()), (1, FaultKind::Unavailable));
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    // One that says nothing for a long time is no worse for it, and stands in nobody's way.
    sleep(5 * SECOND).await;
    let mut quiet = client.prices(3);
    let first = quiet.next();
    backend.now(|_| Ok(()));
    assert_eq!(first.await.unwrap().unwrap(), 0);
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(quiet.map(Result::unwrap).collect::<Vec<_>>().await, [10, 20]);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_retries_wait_for_nothing() {
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let breaker = Arc::new(CircuitBreaker::new());
    let client = open
        .client(|client| client.middleware(Retry::new()).middleware(Arc::clone(&breaker)))
        .await;
    while breaker.state() == BreakerState::Closed {
        client.price(1).await.unwrap_err();
    }
    assert_eq!(backend.calls(), 20);
    let start = Instant::now();
    assert!(fault(client.price(1).await).retry_after().unwrap() > 4 * SECOND);
    assert_eq!((start.elapsed(), backend.calls()), (Duration::ZERO, 20));
}

contract!(
    #[contract(version = "1.0.0")]
    mod well {
        #[request]
        async fn good();
        #[request]
        async fn bad();
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod ill {
        #[request]
        async fn bad();
    }
);

struct Both;

impl well::Service for Both {
    async fn good(&self, _: &Context) -> Reply<()> {
        Ok(())
    }

    async fn bad(&self, _: &Context) -> Reply<()> {
        Err(Fault::unavailable("not this one").into())
    }
}

impl ill::Service for Both {
    async fn bad(&self, _: &Context) -> Reply<()> {
        Err(Fault::unavailable("none of it").into())
    }
}

#[tokio::test(start_paused = true)]
async fn each_target_has_a_breaker_of_its_own() {
    let wire = Wire::default();
    let server = Server::builder().transport(wire.clone());
    let server = server.serve(well::serve(Both)).serve(ill::serve(Both)).bind("wire://both");
    let _server = server.start().await.unwrap();
    for per_request in [false, true] {
        let breaker = CircuitBreaker::new().window(4, 4).failure_rate(0.75);
        let breaker = Arc::new(if per_request { breaker.per_request() } else { breaker });
        let client = magicbutton::Client::builder().transport(wire.clone());
        let client = client.middleware(Arc::clone(&breaker)).connect("wire://both").await.unwrap();
        let (well, ill): (well::Client, ill::Client) =
            (client.typed().unwrap(), client.typed().unwrap());
        for _ in 0..4 {
            ill.bad().await.unwrap_err();
            well.bad().await.unwrap_err();
            well.good().await.unwrap();
        }
        well.good().await.unwrap();
        let mut states = breaker.states();
        states.sort();
        let expected: &[_] = if per_request {
            &[
                ("ill/bad", BreakerState::Open),
                ("well/bad", BreakerState::Open),
                ("well/good", BreakerState::Closed),
            ]
        } else {
            &[("ill", BreakerState::Open), ("well", BreakerState::Closed)]
        };
        assert_eq!(states, expected);
        assert_eq!(breaker.state(), BreakerState::Open, "the worst of them");
    }
}
