//! What is sent again, how often, and when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use magicbutton::{
    Failure, Fault, FaultKind, Message,
    middleware::{Kind, Next, Retry, from_fn},
};
use tokio::time::Instant;

use crate::backend::{
    Backend, MS, SECOND, ShopError, Visited, calls_every, down, fault, open, random,
};

/// One that fails in three cases out of ten.
fn flaky() -> Arc<Backend> {
    let mut random = random(42);
    Backend::new(move |_| if random() < 0.3 { Err(down()) } else { Ok(()) })
}

/// Calls a flaky backend so often per second for so long, and prints what became of it: the part of
/// the calls that went well, and how many calls of the backend that took for each.
async fn simulate(retry: Retry, per_second: u32, seconds: u32, what: &str) -> (f64, f64) {
    // The waits are as random as ever, but the same in each run.
    fastrand::seed(7);
    let (backend, retry) = (flaky(), Arc::new(retry));
    let open = open(&backend).await;
    let client = open.client(|client| client.middleware(Arc::clone(&retry))).await;
    let calls = per_second * seconds;
    let replies = calls_every(SECOND / per_second, calls, &client).await;
    let good = replies.iter().filter(|reply| reply.is_ok()).count();
    let success = good as f64 / f64::from(calls);
    let each = backend.calls() as f64 / f64::from(calls);
    println!(
        "{what:<44} {per_second:>4} calls/s: {:6.2} % go well, {each:.2} tries per call, {} retries, {} over budget",
        100.0 * success,
        retry.retried(),
        retry.refused(),
    );
    assert_eq!(backend.calls() as u64, u64::from(calls) + retry.retried());
    (success, each)
}

#[tokio::test(start_paused = true)]
async fn of_a_backend_that_fails_in_three_cases_of_ten_less_than_one_is_seen() {
    let (bare, _) = simulate(Retry::new().retries(0), 20, 500, "no retries").await;
    assert!((0.69..0.71).contains(&bare));
    let (success, _) = simulate(Retry::new(), 20, 500, "as it comes").await;
    assert!(success > 0.99, "{success}");
    let (success, _) = simulate(Retry::new().retries(5), 20, 500, "up to 5 retries").await;
    assert!(success > 0.999, "{success}");
    // Many calls: the 10 per second are nothing, it is the share that counts.
    let wide = Retry::new().budget(0.5, 10);
    let (success, each) = simulate(wide, 500, 20, "a budget of half the calls").await;
    assert!(success > 0.99 && each < 1.5, "{success} {each}");
    let (success, each) = simulate(Retry::new(), 500, 20, "as it comes").await;
    // A fifth more, and the floor of 10 per second, which there was a window of before it began.
    assert!(success > bare && each < 1.2 + 10.0 / 500.0 * 1.25, "{success} {each}");
}

#[tokio::test(start_paused = true)]
async fn what_is_over_the_budget_is_not_sent_again() {
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let retry = Arc::new(Retry::new().budget(0.0, 1));
    let client = open.client(|client| client.middleware(Arc::clone(&retry))).await;
    // One per second, over 10 s.
    for (calls, retries) in [(100, 10), (100, 0)] {
        let before = backend.calls();
        let replies = calls_every(Duration::ZERO, calls, &client).await;
        assert!(replies.into_iter().all(|reply| fault(reply).kind() == FaultKind::Unavailable));
        assert_eq!(backend.calls() - before, calls as usize + retries);
    }
    assert_eq!(retry.retried(), 10);
    assert!(retry.refused() >= 100);
    tokio::time::sleep(12 * SECOND).await;
    client.price(1).await.unwrap_err();
    assert_eq!(retry.retried(), 13, "there is a budget again");

    let none = Arc::new(Retry::new().budget(0.0, 0));
    let client = open.client(|client| client.middleware(Arc::clone(&none))).await;
    let before = backend.calls();
    client.price(1).await.unwrap_err();
    assert_eq!(backend.calls() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn only_what_can_do_no_harm_is_sent_again() {
    fn of(fault: Fault) -> Failure<ShopError> {
        fault.into()
    }
    let kind = |kind| of(Fault::new(kind, "for a test"));
    // What fails, how often it reaches the backend where it is idempotent, and where it is not.
    let cases = [
        (down(), 4, 4),
        (kind(FaultKind::RateLimitExceeded), 4, 4),
        (of(Fault::interrupted("lost on the way")), 4, 1),
        (of(kind_of(FaultKind::Timeout).with_retryable(true)), 4, 1),
        (kind(FaultKind::Timeout), 4, 1),
        (of(Fault::internal("broken")), 4, 1),
        (kind(FaultKind::Forbidden), 1, 1),
        (kind(FaultKind::ValidationFailed), 1, 1),
        (of(Fault::unavailable("for good").with_retryable(false)), 4, 1),
        (ShopError::Busy.into(), 4, 4),
        (ShopError::NoSuchThing.into(), 1, 1),
    ];
    let backend = Backend::new(|_| Ok(()));
    let open = open(&backend).await;
    let retry = Retry::new().budget(0.0, 1000);
    let client = open.client(|client| client.middleware(retry)).await;
    for (failure, idempotent, not) in cases {
        let answer = failure.clone();
        backend.now(move |_| Err(answer.clone()));
        let before = backend.calls();
        assert!(client.price(1).await.is_err());
        assert_eq!(backend.calls() - before, idempotent, "{failure:?}, idempotent");
        let before = backend.calls();
        assert!(client.order(1).await.is_err());
        assert_eq!(backend.calls() - before, not, "{failure:?}, not idempotent");
    }
}

fn kind_of(kind: FaultKind) -> Fault {
    Fault::new(kind, "for a test")
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_cut_off_is_not_placed_twice() {
    for idempotent in [false, true] {
        let backend = Backend::timed(|nth| (if nth == 0 { SECOND } else { MS }, Ok(())));
        let open = open(&backend).await;
        let client = open.client(|client| client.middleware(Retry::new())).await;
        let calling = client.clone();
        let call = tokio::spawn(async move {
            if idempotent { calling.price(1).await } else { calling.order(1).await }
        });
        tokio::time::sleep(100 * MS).await;
        assert_eq!(backend.calls(), 1);
        open.wire.cut();
        let reply = call.await.unwrap();
        tokio::time::sleep(5 * SECOND).await;
        if idempotent {
            assert_eq!((reply.unwrap(), backend.calls()), (10, 2));
        } else {
            assert!(fault(reply).may_have_run());
            assert_eq!(backend.calls(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end_before_the_deadline() {
    fastrand::seed(7);
    let backend = Backend::new(|_| Err(down()));
    let open = open(&backend).await;
    let retry = Retry::new().retries(1000).backoff(100 * MS, SECOND).budget(0.0, 1000);
    let client = open.client(|client| client.middleware(retry)).await;
    let mut late = 0;
    for _ in 0..50 {
        let start = Instant::now();
        let failed = fault(client.price(1).timeout(3 * SECOND).await);
        match failed.kind() {
            // It says why, not only that the time is over.
            FaultKind::Unavailable => assert!(start.elapsed() < 3 * SECOND),
            // The last try was on its way when it was.
            _ => late += 1,
        }
        assert!((SECOND..=3 * SECOND).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
    println!("of 50 calls with a deadline, {late} were on their way when it came");
    assert!(late <= 10, "{late}");
    let last = backend.begun().last().copied().unwrap();
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(backend.begun().last().copied().unwrap(), last, "nothing goes on behind its back");
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_as_long_as_it_is_told() {
    let wait = Duration::from_millis(700);
    let told = move |nth: usize| match nth % 2 {
        0 => Err(Fault::new(FaultKind::RateLimitExceeded, "slowly").with_retry_after(wait).into()),
        _ => Ok(()),
    };
    let backend = Backend::new(told);
    let open = open(&backend).await;
    let client = open.client(|client| client.middleware(Retry::new())).await;
    for _ in 0..20 {
        client.order(1).await.unwrap();
    }
    let pauses: Vec<_> = backend.begun().windows(2).map(|pair| pair[1] - pair[0]).collect();
    for pause in pauses.iter().step_by(2) {
        assert!((wait..wait + 70 * MS).contains(pause), "{pause:?}");
    }

    // A deadline that comes before is the end, and so is a wait that is too long: both at once.
    let start = Instant::now();
    let refused = fault(client.order(1).timeout(500 * MS).await);
    assert_eq!(refused.retry_after(), Some(wait));
    let impatient =
        open.client(|client| client.middleware(Retry::new().longest_retry_after(500 * MS))).await;
    backend.now(told);
    let before = Instant::now();
    if backend.calls() % 2 == 1 {
        impatient.order(1).await.unwrap();
    }
    assert_eq!(fault(impatient.order(1).await).retry_after(), Some(wait));
    assert!(before.elapsed() < 50 * MS && start.elapsed() < 100 * MS, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn waits_grow_and_are_up_to_chance() {
    fastrand::seed(7);
    let backend = Backend::timed(|_| (Duration::ZERO, Err(down())));
    let open = open(&backend).await;
    open.wire.set_latency(Duration::ZERO);
    let retry = Retry::new().retries(5).backoff(100 * MS, 400 * MS).budget(0.0, 1_000_000);
    let client = open.client(|client| client.middleware(retry)).await;
    let mut waits = vec![Vec::new(); 5];
    for _ in 0..200 {
        let from = backend.calls();
        client.price(1).await.unwrap_err();
        for (nth, pair) in backend.begun()[from..].windows(2).enumerate() {
            waits[nth].push(pair[1] - pair[0]);
        }
    }
    for (waits, most) in waits.iter().zip([100, 200, 400, 400, 400]) {
        let mean = waits.iter().sum::<Duration>() / 200;
        let (least, longest) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        println!("waits {least:?} to {longest:?}, {mean:?} on average, of up to {most} ms");
        let most = most * MS;
        // The clock of the tests is in milliseconds, and latencies are rounded up to them.
        assert!(*longest <= most + 5 * MS && *least < most / 10 + 5 * MS);
        assert!((most * 2 / 5..most * 3 / 5 + 5 * MS).contains(&mean), "{mean:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_begun_again_and_never_goes_back() {
    let backend = Backend::new(|nth| if nth < 2 { Err(down()) } else { Ok(()) });
    let open = open(&backend).await;
    let client = open.client(|client| client.middleware(Retry::new())).await;
    let items: Vec<_> = client.prices(4).map(Result::unwrap).collect().await;
    assert_eq!((items, backend.calls()), (vec![0, 10, 20, 30], 4));

    // The first item has been read: what comes after it is as it is.
    let from = backend.calls();
    backend.now(move |nth| if nth == from { Ok(()) } else { Err(down()) });
    let items: Vec<_> = client.prices(4).collect().await;
    assert_eq!(items.len(), 4);
    assert_eq!(fault(items[3].clone()).kind(), FaultKind::Unavailable);
    assert_eq!(backend.calls() - from, 2);
}

#[tokio::test(start_paused = true)]
async fn of_events_only_those_that_say_so_are_sent_again() {
    let backend = Backend::new(|_| Ok(()));
    let open = open(&backend).await;
    for (kind, tries) in [(FaultKind::RateLimitExceeded, 4), (FaultKind::Internal, 1)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let refuse = from_fn(move |message: Message, next: Next| {
            let refused = next.kind() == Kind::Producer;
            counted.fetch_add(usize::from(refused), Ordering::SeqCst);
            async move { if refused { Err(kind_of(kind).into()) } else { next.run(message).await } }
        });
        let client = open.client(|client| client.middleware(Retry::new()).middleware(refuse)).await;
        let refused = client.emit(Visited { by: "ada".into() }).await.unwrap_err();
        assert_eq!((refused.kind(), seen.load(Ordering::SeqCst)), (kind, tries));
    }
}
