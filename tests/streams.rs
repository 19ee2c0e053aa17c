//! Streamed replies: only as fast as they are read, over when they are dropped, and with a reason
//! when they end.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{sync::atomic::Ordering, time::Duration};

use common::{WAYS, WorkshopError, bench, named};
use futures_util::StreamExt;
use magicbutton::{Failure, FaultKind};
use tokio::time::Instant;

#[tokio::test]
async fn items_arrive_in_order_and_the_stream_ends() {
    for way in WAYS {
        let bench = bench(&named("items", way), way).await;
        let items: Vec<_> = bench.client.count_to(100, String::new()).collect().await;
        let numbers: Vec<u32> = items.into_iter().map(Result::unwrap).collect();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn nothing_is_made_before_it_is_asked_for() {
    for way in WAYS {
        let bench = bench(&named("pressure", way), way).await;
        let mut items = bench.client.count_to(1_000_000, String::new());
        assert_eq!(bench.seen.counted.load(Ordering::SeqCst), 0);
        for _ in 0..10 {
            items.next().await.unwrap().unwrap();
        }
        assert!(bench.seen.counted.load(Ordering::SeqCst) <= 11);
    }
}

#[tokio::test]
async fn a_declared_error_is_the_last_item() {
    for way in WAYS {
        let bench = bench(&named("stream-error", way), way).await;
        let mut items = bench.client.count_to(1, "fail".into());
        assert_eq!(items.next().await, Some(Ok(0)));
        assert_eq!(items.next().await, Some(Err(Failure::Declared(WorkshopError::Closed))));
        assert_eq!(items.next().await, None);
        assert_eq!(items.next().await, None);
    }
}

#[tokio::test]
async fn a_panic_is_the_last_item() {
    for way in WAYS {
        let bench = bench(&named("stream-panic", way), way).await;
        let mut items = bench.client.count_to(1, "panic".into());
        assert_eq!(items.next().await, Some(Ok(0)));
        let Some(Err(failure)) = items.next().await else { panic!() };
        assert_eq!(failure.code(), "INTERNAL_SERVER_ERROR");
        assert_eq!(items.next().await, None);
        assert!(bench.client.make_thing("t".into(), vec![]).await.is_ok());
    }
}

#[tokio::test]
async fn a_dropped_stream_drops_its_handler_so_the_server_can_stop() {
    for way in WAYS {
        let bench = bench(&named("stream-dropped", way), way).await;
        let mut items = Box::pin(bench.client.count_to(1, "hang".into()));
        items.next().await.unwrap().unwrap();
        assert!(futures_util::poll!(items.next()).is_pending());
        drop(items);
        assert_eq!(bench.server.stop().await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_ends_its_streams_with_the_reason() {
    for way in WAYS {
        let bench = bench(&named("stream-stop", way), way).await;
        let start = Instant::now();
        let mut quiet = bench.client.count_to(1, "hang".into());
        let mut busy = bench.client.count_to(u32::MAX, String::new());
        quiet.next().await.unwrap().unwrap();
        busy.next().await.unwrap().unwrap();
        let reader = async {
            for items in [&mut quiet, &mut busy] {
                let last = items.filter(|item| std::future::ready(item.is_err())).next().await;
                let Some(Err(Failure::Fault(fault))) = last else { panic!("{last:?}") };
                assert_eq!(fault.kind(), FaultKind::Unavailable);
                assert_eq!(fault.message(), "the server has stopped, or is stopping");
                assert_eq!(items.next().await, None);
            }
        };
        let (stopped, ()) = tokio::join!(bench.server.stop(), reader);
        assert_eq!(stopped, Ok(()));
        assert_eq!(start.elapsed(), Duration::ZERO, "nobody waited for the drain time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_does_not_wait_for_a_stream_that_nobody_reads() {
    for way in WAYS {
        let bench = bench(&named("stream-held", way), way).await;
        let start = Instant::now();
        let mut held = bench.client.count_to(5, String::new());
        held.next().await.unwrap().unwrap();
        assert_eq!(bench.server.stop().await, Ok(()));
        assert_eq!(start.elapsed(), Duration::ZERO);
        let Some(Err(failure)) = held.next().await else { panic!() };
        assert_eq!(failure.code(), "UNAVAILABLE");
        assert_eq!(bench.seen.counted.load(Ordering::SeqCst), 1, "the handler was not run again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_have_a_time_limit() {
    let bench = bench("stream-timeout", "").await;
    let mut items = bench.client.count_to(1, "hang".into()).timeout(Duration::from_secs(3));
    assert_eq!(items.next().await, Some(Ok(0)));
    let Some(Err(failure)) = items.next().await else { panic!() };
    assert_eq!(failure.code(), "TIMEOUT");
    assert_eq!(items.next().await, None);
}

#[tokio::test]
async fn a_request_answered_once_is_no_stream() {
    let bench = bench("no-stream", "").await;
    let body = magicbutton::Body::new(serde_json::json!({}));
    let mut items = bench.client.client().stream_raw("lookAround", body);
    let Some(Err(Failure::Fault(fault))) = items.next().await else { panic!() };
    assert_eq!(fault.message(), "workshop/lookAround is answered once, not by a stream");
}
