//! Events that outlive their readers, and the engine itself.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use magicbutton::{Client, Fault, FaultKind, Received, Server, contract};
use tokio::{sync::watch, time::timeout};

use crate::{
    contract::{Depot, Done, depot, server},
    nats_server::{self, NatsServer},
};

contract!(
    #[contract(version = "1.0.0")]
    pub mod post {
        #[event(durable)]
        struct Letter {
            text: String,
        }

        /// Looks like a letter.
        #[event(durable)]
        struct Card {
            text: String,
        }
    }
);

pub struct Post;

impl post::Service for Post {}

/// What a reader has seen: by number, the ids and delivery counts.
type Seen = watch::Sender<HashMap<u64, Vec<(String, u64)>>>;

fn note(seen: &Seen, event: &Received<depot::Paid>) {
    let id = event.context().id().to_owned();
    seen.send_modify(|seen| seen.entry(event.number).or_default().push((id, event.deliveries())));
}

#[tokio::test]
async fn a_reader_that_was_away_gets_what_it_has_missed() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let seen = Arc::new(Seen::default());
    let read = async |client: &Client| {
        let seen = Arc::clone(&seen);
        let subscribing = client.subscribe::<depot::Paid>().durable("billing");
        // What the engine had handed to the reader as it left comes again soon.
        subscribing
            .ack_wait(Duration::from_millis(500))
            .for_each(move |event| {
                note(&seen, &event);
                async { Ok(()) }
            })
            .await
            .unwrap()
    };
    let client = Client::connect(engine.url("")).await.unwrap();
    let guard = read(&client).await;
    server.broadcast(depot::Paid { number: 1 }).await.unwrap();
    let mut seeing = seen.subscribe();
    timeout(Duration::from_secs(5), seeing.wait_for(|seen| seen.len() == 1))
        .await
        .unwrap()
        .unwrap();
    drop((guard, client));
    for number in 2..=10 {
        server.broadcast(depot::Paid { number }).await.unwrap();
    }
    let client = Client::connect(engine.url("")).await.unwrap();
    let _guard = read(&client).await;
    timeout(Duration::from_secs(10), seeing.wait_for(|seen| seen.len() == 10))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_poison_event_lands_among_the_dead_and_blocks_nobody() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let seen = Arc::new(Seen::default());
    let seeing = Arc::clone(&seen);
    let subscribing = client.subscribe::<depot::Paid>().durable("billing");
    let _guard = subscribing
        .tries(3)
        .pause(Duration::from_millis(20))
        .for_each(move |event| {
            note(&seeing, &event);
            async move {
                match event.number {
                    1 => Err(Fault::unavailable("not today\r\nMb-Evil: x").into()),
                    2 => std::panic::resume_unwind(Box::new("this one panics")),
                    _ => Ok(()),
                }
            }
        })
        .await
        .unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let mut dead = nats.subscribe("mb.$dead.>").await.unwrap();
    nats.flush().await.unwrap();
    for number in 1..=20 {
        server.broadcast(depot::Paid { number }).await.unwrap();
    }
    let mut reading = seen.subscribe();
    let all = reading.wait_for(|seen| (3..=20).all(|number| seen.contains_key(&number)));
    timeout(Duration::from_secs(10), all).await.unwrap().unwrap();
    let mut reasons = HashMap::new();
    for _ in 0..2 {
        let message = timeout(Duration::from_secs(10), dead.next()).await.unwrap().unwrap();
        assert_eq!(message.subject.as_str(), "mb.$dead.depot.v1.paid.billing");
        let event: depot::Paid = serde_json::from_slice(&message.payload).unwrap();
        let headers = message.headers.unwrap();
        assert_eq!(headers.get("Mb-Deliveries").unwrap().as_str(), "3");
        assert_eq!(headers.get("Mb-Reader").unwrap().as_str(), "billing");
        assert!(headers.get("Mb-Evil").is_none());
        let id = headers.get("Mb-Event-Id").unwrap().as_str().to_owned();
        assert_eq!(seen.borrow()[&event.number][0].0, id);
        reasons.insert(event.number, headers.get("Mb-Reason").unwrap().as_str().to_owned());
    }
    assert!(reasons[&1].contains("not today"), "{reasons:?}");
    assert!(reasons[&2].contains("panics"), "{reasons:?}");
    let seen = seen.borrow();
    let counts: Vec<_> = seen[&1].iter().map(|(_, delivery)| *delivery).collect();
    assert_eq!(counts, [1, 2, 3], "the handler sees which delivery it is");
    let ids: HashSet<_> = seen[&1].iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 1, "and the id stays the same");
    // The dead are kept.
    let jetstream = async_nats::jetstream::new(nats);
    let mut kept = jetstream.get_stream("mb-depot-v1-dead").await.unwrap();
    assert_eq!(kept.info().await.unwrap().state.messages, 2);
}

/// A backlog, read by one whose handler takes much of the time that an event may go unacknowledged.
async fn read_slowly(engine: &NatsServer, events: u64, tries: u64) -> HashMap<u64, Vec<u64>> {
    const ACK_WAIT: Duration = Duration::from_millis(400);
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    for number in 1..=events {
        server.broadcast(depot::Paid { number }).await.unwrap();
    }
    let client = Client::connect(engine.url("")).await.unwrap();
    let seen = Arc::new(Seen::default());
    let seeing = Arc::clone(&seen);
    let subscribing = client.subscribe::<depot::Paid>().durable("billing").ack_wait(ACK_WAIT);
    let _guard = subscribing
        .tries(tries)
        .for_each(move |event| {
            note(&seeing, &event);
            async {
                tokio::time::sleep(ACK_WAIT / 3).await;
                Ok(())
            }
        })
        .await
        .unwrap();
    let mut reading = seen.subscribe();
    let all = reading.wait_for(|seen| seen.len() as u64 == events);
    timeout(Duration::from_secs(20), all).await.expect("not all are handled").unwrap();
    // What was handed out twice would come now.
    tokio::time::sleep(ACK_WAIT * 2).await;
    let seen = seen.borrow();
    let counts = |times: &Vec<(String, u64)>| times.iter().map(|(_, count)| *count).collect();
    seen.iter().map(|(number, times)| (*number, counts(times))).collect()
}

#[tokio::test]
async fn what_waits_for_a_slow_handler_is_handed_out_once() {
    let Some(engine) = nats_server::start() else { return };
    let seen = read_slowly(&engine, 8, 5).await;
    assert!(seen.values().all(|counts| *counts == [1]), "{seen:?}");
}

#[tokio::test]
async fn what_waits_for_a_slow_handler_is_not_put_aside() {
    let Some(engine) = nats_server::start() else { return };
    let seen = read_slowly(&engine, 8, 1).await;
    assert!(seen.values().all(|counts| *counts == [1]), "{seen:?}");
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let jetstream = async_nats::jetstream::new(nats);
    let mut dead = jetstream.get_stream("mb-depot-v1-dead").await.unwrap();
    assert_eq!(dead.info().await.unwrap().state.messages, 0);
}

/// One that takes its process with it, as often as it may, and no other.
#[tokio::test]
async fn a_reader_that_vanishes_again_and_again_costs_only_the_event_at_work() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    for number in 1..=10 {
        server.broadcast(depot::Paid { number }).await.unwrap();
    }
    let seen = Arc::new(Seen::default());
    let mut reading = seen.subscribe();
    let read = async |poisoned: u64| {
        let client = Client::connect(engine.url("")).await.unwrap();
        let seeing = Arc::clone(&seen);
        let subscribing = client.subscribe::<depot::Paid>().durable("billing").tries(3);
        let guard = subscribing
            .ack_wait(Duration::from_millis(200))
            .for_each(move |event| {
                note(&seeing, &event);
                async move {
                    if event.number == poisoned {
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                }
            })
            .await
            .unwrap();
        (client, guard)
    };
    for times in 1..=3 {
        let reader = read(1).await;
        let again = reading.wait_for(|seen| seen.get(&1).is_some_and(|seen| seen.len() == times));
        timeout(Duration::from_secs(5), again).await.unwrap().unwrap();
        drop(reader);
    }
    let _reader = read(0).await;
    let all = reading.wait_for(|seen| (2..=10).all(|number| seen.contains_key(&number)));
    timeout(Duration::from_secs(10), all).await.expect("the others are handled").unwrap();
    assert_eq!(seen.borrow()[&1].len(), 3, "after three tries it is dead");
}

#[tokio::test]
async fn where_nothing_is_kept_reading_durably_is_refused_with_the_reason() {
    let depot = || Server::builder().serve(depot::serve(Depot::default()));
    let served = depot().bind("memory://durable").bind("ws://127.0.0.1:0/").start().await.unwrap();
    for endpoint in served.endpoints() {
        let client = Client::connect(endpoint).await.unwrap();
        let subscribing = client.subscribe::<depot::Paid>().durable("billing");
        let refused = subscribing.for_each(|_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::ValidationFailed);
        assert!(refused.message().contains("keeps no events"), "{refused}");
    }
    let Some(engine) = nats_server::start() else { return };
    let _server = depot().bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let subscribing = client.subscribe::<depot::Arrived>().durable("billing");
    let refused = subscribing.for_each(|_| async { Ok(()) }).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::ValidationFailed);
    assert!(refused.message().contains("#[event(durable)]"), "{refused}");
}

#[tokio::test]
async fn a_client_emits_nothing_that_is_to_be_kept() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client: depot::Client = Client::connect(engine.url("")).await.unwrap().typed().unwrap();
    let refused = client.emit(depot::Paid { number: 1 }).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::ValidationFailed);
    assert!(refused.message().contains("#[event(durable)]"), "{refused}");
    client.emit(depot::Arrived { parcel: "p".into() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_survive_the_end_of_the_engine() {
    const EVENTS: u64 = 10_000;
    let Some(mut engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let seen = Arc::new(Seen::default());
    let seeing = Arc::clone(&seen);
    let _guard = client
        .subscribe::<depot::Paid>()
        .durable("billing")
        .ack_wait(Duration::from_secs(2))
        .for_each(move |event| {
            note(&seeing, &event);
            async { Ok(()) }
        })
        .await
        .unwrap();
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    let (announcer, stored) = (server.clone(), Arc::clone(&acknowledged));
    let (half, reached) = tokio::sync::oneshot::channel();
    let announcing = tokio::spawn(async move {
        let half = Mutex::new(Some(half));
        stream::iter(0..EVENTS)
            .for_each_concurrent(64, |number| {
                let (announcer, stored, half) = (&announcer, &stored, &half);
                async move {
                    if announcer.broadcast(depot::Paid { number }).await.is_ok() {
                        stored.lock().unwrap().insert(number);
                    }
                    if number == EVENTS / 2 {
                        let half = half.lock().unwrap().take();
                        let _ = half.map(|half| half.send(()));
                    }
                }
            })
            .await;
    });
    reached.await.unwrap();
    engine.kill();
    engine.restart();
    timeout(Duration::from_secs(60), announcing).await.unwrap().unwrap();
    let acknowledged = acknowledged.lock().unwrap().clone();
    let mut reading = seen.subscribe();
    let all = reading.wait_for(|seen| acknowledged.iter().all(|number| seen.contains_key(number)));
    let handled = timeout(Duration::from_secs(60), all).await.is_ok();
    let seen = seen.borrow();
    let missing = acknowledged.iter().filter(|number| !seen.contains_key(number)).count();
    assert!(handled, "{missing} of {} acknowledged events were not handled", acknowledged.len());
    // What came twice can be told by its id.
    let twice: Vec<_> = seen.values().filter(|seen| seen.len() > 1).collect();
    for times in &twice {
        assert!(times.iter().all(|(id, _)| *id == times[0].0), "{times:?}");
    }
    let ids: HashSet<_> = seen.values().map(|seen| &seen[0].0).collect();
    assert_eq!(ids.len(), seen.len(), "two events never share an id");
    println!(
        "{} of {EVENTS} events acknowledged through a kill, {} handled, {} of them more than once",
        acknowledged.len(),
        seen.len(),
        twice.len()
    );
    assert!(acknowledged.len() as u64 > EVENTS * 9 / 10);
}

#[tokio::test]
async fn the_largest_event_that_is_kept_can_be_put_aside() {
    let Some(engine) = nats_server::start_with("max_payload: 65536") else { return };
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    let server = server.start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let failing = client.subscribe::<post::Letter>().durable("desk").tries(1);
    let _desk = failing
        .for_each(async |_| Err(Fault::unavailable("no ".repeat(1_000)).into()))
        .await
        .unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let mut dead = nats.subscribe("mb.$dead.post.v1.letter.desk").await.unwrap();
    nats.flush().await.unwrap();
    let send = async |size| server.broadcast(post::Letter { text: "x".repeat(size) }).await;
    assert_eq!(send(64_000).await.unwrap_err().code(), "PAYLOAD_TOO_LARGE");
    let mut size = 64_000;
    while send(size).await.is_err() {
        size -= 100;
    }
    let dead = timeout(Duration::from_secs(10), dead.next()).await.unwrap().unwrap();
    assert!(dead.payload.len() > size, "{size}");
}
