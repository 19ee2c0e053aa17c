//! Stops, drains and runtimes that are gone.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_stop_among_quick_calls_cuts_nobody_off() {
    for _ in 0..50 {
        let (server, client) = start("odd-quick", "").await;
        let calls = (0..3).map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                while client.announce().await.is_ok() {
                    tokio::task::yield_now().await;
                }
            })
        });
        let calls: Vec<_> = calls.collect();
        tokio::task::yield_now().await;
        assert_eq!(server.stop().await, Ok(()));
        for call in calls {
            call.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_always_ready_ends_in_time_too() {
    let bench = common::bench("odd-ready", "").await;
    let (limit, begun) = (Duration::from_millis(20), Instant::now());
    let mut items = bench.client.count_to(u32::MAX, String::new()).timeout(limit);
    let last = loop {
        match items.next().await {
            Some(Ok(_)) => assert!(begun.elapsed() < 500 * limit, "goes on for ever"),
            other => break other,
        }
    };
    assert_eq!(last.unwrap().unwrap_err().code(), "TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn any_drain_time_will_do() {
    let server = builder("odd-drain").drain(Duration::MAX).start().await.unwrap();
    let client = odd::Client::connect("memory://odd-drain").await.unwrap();
    let call =
        tokio::spawn(async move { client.bomb(true).timeout(Duration::from_millis(20)).await });
    tokio::task::yield_now().await;
    assert_eq!(server.stop().await, Ok(()), "waits for the call that is running");
    assert_eq!(call.await.unwrap().unwrap_err().code(), "TIMEOUT");
}

/// Between two items nobody works for a stream, and a stop does not wait for its reader. While an
/// item is made, it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_stop_waits_for_the_item_in_the_making() {
    let meet = || tokio::task::spawn_blocking(|| MEETING.wait());
    let (server, client) = start("odd-item", "").await;
    let reader = tokio::spawn(async move { client.numbers("blocks".into()).next().await });
    meet().await.unwrap();
    let mut stop = Box::pin(server.stop());
    let early = tokio::time::timeout(Duration::from_millis(20), &mut stop).await;
    meet().await.unwrap();
    assert!(early.is_err(), "the item was not made yet: {early:?}");
    assert_eq!(stop.await, Ok(()));
    assert_eq!(WENT_ON.load(Ordering::SeqCst), 1);
    assert_eq!(reader.await.unwrap(), Some(Ok(1)));
}

/// A service that connects, subscribes and emits to others, and passes on whatever that fails with.
struct Passing;

impl odd::Service for Passing {
    async fn echo(&self, _: &Context, _: Odd) -> Reply<Odd> {
        Client::connect("memory://secret-name").await?;
        Ok(Odd::default())
    }

    async fn bomb(&self, cx: &Context, _: bool) -> Reply<u32> {
        cx.send_to("secret-client", happened(1)).await?;
        Ok(1)
    }

    async fn announce(&self, _: &Context) -> Reply<Option<u64>> {
        let client = odd::Client::in_process(Service::default());
        client.client().disconnect().await;
        client.emit(happened(1)).await?;
        Ok(None)
    }

    async fn slow(&self, _: &Context) -> Reply<Option<u64>> {
        // A timer made at the first poll belongs to the server's runtime.
        tokio::time::sleep(Duration::from_millis(20)).await;
        FINISHED.fetch_add(1, Ordering::SeqCst);
        Ok(None)
    }

    fn numbers(&self, _: &Context, _: String) -> impl Stream<Item = Reply<u32>> + Send {
        stream::empty()
    }
}

static FINISHED: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn no_fault_that_a_handler_meets_is_passed_on_as_its_own() {
    let client = odd::Client::in_process(Passing);
    let failures =
        [client.echo(Odd::default()).await.unwrap_err(), client.announce().await.unwrap_err()];
    for failure in failures {
        assert_eq!(
            failure.to_string(),
            "UNAVAILABLE: a service that this call needs is unavailable"
        );
        assert!(!failure.is_retryable());
    }
    assert!(!client.bomb(true).await.unwrap_err().is_retryable());
}

#[test]
fn a_detached_handler_with_a_timer_outlives_its_callers_runtime() {
    let home = runtime(true);
    let server = home.block_on(async {
        let server = Server::builder().serve(odd::serve(Passing)).bind("memory://odd-timer");
        server.start().await.unwrap()
    });
    let away = runtime(true);
    away.block_on(async {
        let client = odd::Client::connect("memory://odd-timer").await.unwrap();
        let mut call = Box::pin(client.slow());
        assert!(futures_util::poll!(&mut call).is_pending());
    });
    drop(away);
    assert_eq!(home.block_on(server.stop()), Ok(()));
    assert_eq!(FINISHED.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_callback_may_end_its_own_subscription() {
    let (server, client) = start("odd-own-end", "").await;
    let (guard, done) = (Arc::new(Mutex::new(None)), Arc::new(Notify::new()));
    let (own, told) = (Arc::clone(&guard), Arc::clone(&done));
    let subscribed = client.subscribe::<odd::Happened>().for_each(move |_| {
        let own: Option<magicbutton::SubscriptionGuard> = own.lock().unwrap().take();
        let told = Arc::clone(&told);
        async move {
            if let Some(own) = own {
                own.unsubscribe().await;
                told.notify_one();
            }
            Ok(())
        }
    });
    *guard.lock().unwrap() = Some(subscribed.await.unwrap());
    server.broadcast(happened(1)).await.unwrap();
    done.notified().await;
}

struct Silent;

impl silent::Service for Silent {}

#[tokio::test]
async fn a_contract_without_events_ends_its_subscriptions_too() {
    let server = Server::builder()
        .serve(silent::serve(Silent))
        .on(|_: Received<silent::Event>| async { Ok(()) })
        .bind("memory://odd-silent")
        .start()
        .await
        .unwrap();
    let client = silent::Client::connect("memory://odd-silent").await.unwrap();
    let mut events = client.subscribe::<silent::Event>().await.unwrap();
    assert_eq!(server.stop().await, Ok(()));
    assert!(events.next().await.is_none());
    assert_eq!(events.end_reason(), Some(EndReason::ServerStopped));
}

#[tokio::test]
async fn a_server_that_fails_to_start_leaves_nothing_behind() {
    let _taken = start("odd-taken", "").await;
    let failed = Server::builder()
        .serve(odd::serve(Service::default()))
        .bind("memory://odd-ghost")
        .bind("memory://odd-taken")
        .start();
    assert!(failed.await.is_err());
    let fault: Fault = Client::connect("memory://odd-ghost").await.unwrap_err();
    assert_eq!(
        fault.message(),
        "nobody serves memory://odd-ghost in this process: start its server first"
    );
}

fn runtime(timers: bool) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    if timers { builder.enable_all() } else { &mut builder }.build().unwrap()
}

#[test]
fn a_server_can_be_stopped_whatever_has_become_of_its_runtime() {
    // Stopped from another runtime, after its own is gone.
    let first = runtime(true);
    let (server, client) = first.block_on(start("odd-gone", ""));
    drop(first);
    runtime(true).block_on(async {
        assert_eq!(tokio::time::timeout(Duration::from_secs(9), server.stop()).await, Ok(Ok(())));
        let _ = server.stopped().await;
    });
    let disconnected = ClientStatus::Disconnected(EndReason::ServerStopped);
    assert_eq!(client.client().status(), disconnected);

    // On a runtime without timers nobody can be waited for, and nobody hangs.
    let bare = runtime(false);
    let (server, client) = bare.block_on(start("odd-bare", ""));
    let _ = bare.block_on(server.stop());
    assert_eq!(client.client().status(), disconnected);

    // Without any runtime at all.
    let (server, client) = start("odd-none", "").now_or_never().unwrap();
    assert_eq!(server.stop().now_or_never(), Some(Ok(())));
    assert_eq!(client.client().status(), disconnected);
}

#[tokio::test]
async fn a_detached_handler_belongs_to_the_server_not_to_the_callers_runtime() {
    let bench = common::bench("odd-detached", "").await;
    let client = bench.client.clone();
    let caller = std::thread::spawn(move || {
        let runtime = runtime(true);
        runtime.block_on(async {
            let mut call = Box::pin(client.wait_detached());
            assert!(futures_util::poll!(&mut call).is_pending());
        });
    });
    caller.join().unwrap();
    bench.seen.go_on.notify_one();
    bench.seen.until(&bench.seen.dropped, 1).await;
    assert_eq!(bench.seen.finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_queue_of_any_size_is_bounded() {
    let (_server, client) = start("odd-queue", "").await;
    for size in [0, usize::MAX] {
        assert!(client.subscribe::<odd::Happened>().capacity(size).await.is_ok());
    }
}
