//! Layers of tower around messages, and a contract as a service of tower.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
#[path = "common/wire.rs"]
mod wire;

use std::{
    error::Error,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::tower::{
    BoxError, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    limit::{ConcurrencyLimitLayer, RateLimitLayer},
    load_shed::LoadShedLayer,
    retry::{Policy, RetryLayer},
    timeout::TimeoutLayer,
};
use common::{Seen, ThingScrapped, Workshop, WorkshopError, workshop};
use futures_util::{FutureExt, StreamExt, future::join_all};
use magicbutton::{
    AnyError, Client, Failure, Fault, FaultKind, Message, Reply, Server,
    middleware::{Handled, Kind, Middleware, Next, Outcome, from_fn},
    tower::{self, Passage},
};
use tokio::time::{Instant, sleep};
use tower_resilience_bulkhead::{BulkheadLayer, BulkheadServiceError};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use wire::Wire;

const SECOND: Duration = Duration::from_secs(1);

/// A client of a workshop of its own, in process, behind this.
fn behind(middleware: impl Middleware) -> (workshop::Client, Arc<Seen>) {
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    let contract = workshop::serve(workshop).middleware(middleware);
    (Client::in_process(contract).typed().unwrap(), seen)
}

fn fault<T: std::fmt::Debug>(reply: Reply<T, impl std::fmt::Debug>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("a fault was expected, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_ends_what_takes_too_long() {
    let (client, seen) = behind(tower::layer(TimeoutLayer::new(2 * SECOND)));
    let start = Instant::now();
    let late = fault(client.wait_for_it().await);
    assert_eq!((late.kind(), start.elapsed()), (FaultKind::Timeout, 2 * SECOND));
    assert!(late.may_have_run());
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1, "the handler is dropped, too");
    client.make_thing("t".into(), Vec::new()).await.unwrap();
    // A stream is there when it begins.
    assert_eq!(client.count_to(3, String::new()).count().await, 3);
}

#[tokio::test(start_paused = true)]
async fn concurrency_limit_lets_so_many_in_at_a_time() {
    let (client, seen) = behind(tower::layer(ConcurrencyLimitLayer::new(2)));
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.wait_for_it().await })
        })
        .collect();
    sleep(SECOND).await;
    assert_eq!(seen.begun.load(Ordering::SeqCst), 2);
    // One that waits for its turn and is given up takes nobody's place.
    calls[2].abort();
    for begun in [3, 4, 4, 4] {
        seen.go_on.notify_one();
        sleep(SECOND).await;
        assert_eq!(seen.begun.load(Ordering::SeqCst), begun);
    }
    assert_eq!(seen.finished.load(Ordering::SeqCst), 4);
    for call in calls {
        if let Ok(reply) = call.await {
            assert_eq!(reply.unwrap(), 7);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_does_not_wait_for_its_own_permit() {
    let (client, _) = behind(tower::layer(ConcurrencyLimitLayer::new(1)));
    // It announces an event, while its request holds the only permit.
    let making = client.make_thing("t".into(), Vec::new()).timeout(SECOND);
    assert_eq!(making.await.unwrap().thing_id, "t");
}

#[tokio::test(start_paused = true)]
async fn rate_limit_spreads_calls_over_time() {
    let (client, _) = behind(tower::layer(RateLimitLayer::new(10, SECOND)));
    let start = Instant::now();
    let calls = (0..35).map(|_| client.make_thing("t".into(), Vec::new()));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(start.elapsed(), 3 * SECOND, "10 at once, and 10 more after each second");
}

#[tokio::test(start_paused = true)]
async fn load_shed_answers_at_once_what_it_cannot_take() {
    let limits = ServiceBuilder::new().load_shed().concurrency_limit(1);
    let (client, seen) = behind(tower::layer(limits));
    let busy = {
        let client = client.clone();
        tokio::spawn(async move { client.wait_for_it().await })
    };
    seen.until(&seen.begun, 1).await;
    let shed = fault(client.make_thing("t".into(), Vec::new()).now_or_never().unwrap());
    assert_eq!(shed.kind(), FaultKind::Unavailable);
    assert!(shed.is_retryable() && !shed.may_have_run(), "it can be sent again, whatever it is");
    seen.go_on.notify_one();
    assert_eq!(busy.await.unwrap().unwrap(), 7);
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

/// Sends a message again that has failed, so many times.
#[derive(Clone)]
struct Again(usize);

impl Policy<Passage, Outcome, Failure<AnyError>> for Again {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Passage, handled: &mut Handled) -> Option<Ready<()>> {
        handled.as_ref().err()?;
        self.0 = self.0.checked_sub(1)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, passage: &Passage) -> Option<Passage> {
        Some(passage.clone())
    }
}

/// Fails so many times, then lets everything pass. Counts the requests that come by.
fn flaky(failures: usize) -> (impl Middleware, Arc<AtomicUsize>) {
    let passed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&passed);
    let flaky = from_fn(move |message: Message, next: Next| {
        let nth = match next.kind() {
            Kind::Server => counted.fetch_add(1, Ordering::SeqCst),
            _ => usize::MAX,
        };
        async move {
            match nth < failures {
                true => Err(Failure::Declared(AnyError::new(WorkshopError::Closed))),
                false => next.run(message).await,
            }
        }
    });
    (flaky, passed)
}

#[tokio::test]
async fn retry_sends_the_same_message_again() {
    let (flaky, passed) = flaky(3);
    let workshop = workshop::serve(Workshop::default())
        .middleware(tower::layer(RetryLayer::new(Again(2))))
        .middleware(flaky);
    let client: workshop::Client = Client::in_process(workshop).typed().unwrap();
    let refused = client.make_thing("one".into(), Vec::new()).await;
    assert_eq!(refused.unwrap_err(), Failure::Declared(WorkshopError::Closed), "typed as it was");
    assert_eq!(passed.load(Ordering::SeqCst), 3);
    let thing = client.make_thing("two".into(), Vec::new()).await.unwrap();
    assert_eq!(thing.thing_id, "two");
    assert_eq!(passed.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn failures_come_through_a_buffer_as_they_were() {
    let (flaky, _) = flaky(1);
    let buffered = ServiceBuilder::new()
        .layer(BufferLayer::<Passage>::new(8))
        .layer(RateLimitLayer::new(1000, SECOND))
        .timeout(SECOND);
    let workshop =
        workshop::serve(Workshop::default()).middleware(tower::layer(buffered)).middleware(flaky);
    let client: workshop::Client = Client::in_process(workshop).typed().unwrap();
    let refused = client.make_thing("t".into(), Vec::new()).await;
    assert_eq!(refused.unwrap_err(), Failure::Declared(WorkshopError::Closed));
    let calls = (0..100).map(|n| client.make_thing(n.to_string(), Vec::new()));
    for (n, thing) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(thing.unwrap().thing_id, n.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_buffer_whose_worker_is_gone_is_unavailable() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let buffered = {
        let _inside = runtime.enter();
        tower::layer(BufferLayer::<Passage>::new(8))
    };
    let (client, _) = behind(buffered);
    tokio::task::spawn_blocking(|| drop(runtime)).await.unwrap();
    let gone = fault(client.make_thing("t".into(), Vec::new()).await);
    assert_eq!((gone.kind(), gone.is_retryable()), (FaultKind::Unavailable, true));
}

#[tokio::test(start_paused = true)]
async fn overload_is_told_over_a_network_too_and_events_go_through_layers() {
    let wire = Wire::default();
    let limits = ServiceBuilder::new().load_shed().rate_limit(1, 60 * SECOND);
    let _server = Server::builder()
        .transport(wire.clone())
        .middleware(tower::layer(limits))
        .serve(workshop::serve(Workshop::default()))
        .bind("wire://bench")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    things.fail("not".into()).await.unwrap();
    let shed = fault(things.fail("not".into()).await);
    assert_eq!((shed.kind(), shed.is_retryable()), (FaultKind::Unavailable, true));

    let mut errors = client.errors();
    client.emit(ThingScrapped { thing_id: "t".into() }).await.unwrap();
    sleep(SECOND).await;
    assert!(errors.next().now_or_never().is_none(), "the first event is taken");
    client.emit(ThingScrapped { thing_id: "t".into() }).await.unwrap();
    assert_eq!(errors.next().await.unwrap().kind(), FaultKind::Unavailable);
}

/// What an error of a bulkhead stands for.
fn of_bulkhead(error: BoxError) -> Result<Failure<AnyError>, BoxError> {
    match *error.downcast::<BulkheadServiceError<Failure<AnyError>>>()? {
        BulkheadServiceError::Bulkhead(full) => Ok(Fault::unavailable(full.to_string()).into()),
        BulkheadServiceError::Inner(failure) => Ok(failure),
    }
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_from_elsewhere_works_as_well() {
    let bulkhead = BulkheadLayer::builder().max_concurrent_calls(1).max_wait_duration(SECOND);
    let bulkhead = tower::layer(bulkhead.build().unwrap()).map_error(of_bulkhead);
    let (client, seen) = behind(bulkhead);
    let busy = {
        let client = client.clone();
        tokio::spawn(async move { client.wait_for_it().await })
    };
    seen.until(&seen.begun, 1).await;
    let start = Instant::now();
    let full = fault(client.make_thing("t".into(), Vec::new()).await);
    assert_eq!((full.kind(), start.elapsed()), (FaultKind::Unavailable, SECOND));
    seen.go_on.notify_one();
    assert_eq!(busy.await.unwrap().unwrap(), 7);
    let declared = client.fail("unit".into()).await.unwrap_err();
    assert_eq!(declared, Failure::Declared(WorkshopError::Closed));
}

/// What an error of a circuit breaker stands for.
fn of_breaker(error: BoxError) -> Result<Failure<AnyError>, BoxError> {
    match *error.downcast::<CircuitBreakerError<Failure<AnyError>>>()? {
        CircuitBreakerError::OpenCircuit => Ok(Fault::unavailable("the circuit is open").into()),
        CircuitBreakerError::Inner(failure) => Ok(failure),
    }
}

#[tokio::test]
async fn a_breaker_from_elsewhere_works_as_well() {
    let breaker = CircuitBreakerLayer::builder()
        .consecutive_failures(3)
        .wait_duration_in_open(Duration::from_millis(20))
        .permitted_calls_in_half_open(1);
    let breaker = tower::layer(breaker.build().unwrap()).map_error(of_breaker);
    let (flaky, passed) = flaky(3);
    let workshop = workshop::serve(Workshop::default()).middleware(breaker).middleware(flaky);
    let client: workshop::Client = Client::in_process(workshop).typed().unwrap();
    for _ in 0..3 {
        let refused = client.make_thing("t".into(), Vec::new()).await;
        assert_eq!(refused.unwrap_err(), Failure::Declared(WorkshopError::Closed));
    }
    let open = fault(client.make_thing("t".into(), Vec::new()).await);
    assert_eq!((open.kind(), open.message()), (FaultKind::Unavailable, "the circuit is open"));
    assert_eq!(passed.load(Ordering::SeqCst), 3);
    // Its clock is the machine's, also where tokio's stands still.
    sleep(Duration::from_millis(30)).await;
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

/// Why the breaker that is built in is another one: "sliding", here, is counting from the last change.
#[tokio::test]
async fn a_breaker_from_elsewhere_does_not_forget() {
    let breaker = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(10)
        .minimum_number_of_calls(10);
    let breaker = tower::layer(breaker.build().unwrap()).map_error(of_breaker);
    let (client, _) = behind(breaker);
    for _ in 0..1000 {
        client.fail("not".into()).await.unwrap();
    }
    let mut failures = 0;
    while client.fail("unit".into()).await == Err(Failure::Declared(WorkshopError::Closed)) {
        failures += 1;
    }
    println!("a window of 10 calls, after 1000 that went well, is over after {failures} failures");
    assert_eq!(failures, 1000);
}

#[tokio::test]
async fn a_contract_is_a_service_of_tower() {
    let workshop = Workshop::default();
    let service = tower::service(workshop::serve(workshop));
    let request = workshop::requests::MakeThing { thing_id: "t".into(), tags: Vec::new() };
    let mut limited = ServiceBuilder::new()
        .layer(TimeoutLayer::new(SECOND))
        .layer(LoadShedLayer::new())
        .service(service.clone());
    let outcome = limited.ready().await.unwrap().call(Message::request(request)).await.unwrap();
    let Outcome::Reply(body) = outcome else { panic!("a reply was expected, not {outcome:?}") };
    assert_eq!(body.decode::<workshop::Thing>().unwrap().thing_id, "t");

    let fail = |how: &str| Message::request(workshop::requests::Fail { how: how.into() });
    let Err(Failure::Declared(declared)) = service.clone().oneshot(fail("unit")).await else {
        panic!("a declared error was expected")
    };
    assert_eq!(declared.resolve(), Failure::Declared(WorkshopError::Closed));
    let Err(Failure::Fault(internal)) = service.clone().oneshot(fail("io")).await else {
        panic!("a fault was expected")
    };
    assert_eq!(internal.kind(), FaultKind::Internal);
    assert!(internal.is_of_call() && internal.source().is_none());

    let count = workshop::requests::CountTo { limit: 3, then: String::new() };
    let outcome = service.clone().oneshot(Message::request(count)).await.unwrap();
    // The items keep the service alive.
    drop((service, limited));
    let Outcome::Stream(items) = outcome else { panic!("a stream was expected") };
    let items: Vec<u32> = items.map(|item| item.unwrap().decode::<u32>().unwrap()).collect().await;
    assert_eq!(items, [0, 1, 2]);
}
