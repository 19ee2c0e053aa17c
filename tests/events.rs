//! Events both ways: broadcast, sent to one client, emitted to the server; subscriptions and their
//! bounded queues.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Stage, ThingMade, ThingScrapped, WAYS, Workshop, bench, connect, named, workshop};
use futures_util::StreamExt;
use magicbutton::{
    Client, EndReason, Fault, FaultKind, Overflow, Received, Server, ServerBuilder, contract,
};
use tokio::{sync::Notify, time::Instant};

fn made(id: impl ToString) -> ThingMade {
    ThingMade { thing_id: id.to_string(), stage: Stage::Planned }
}

fn scrapped(id: impl ToString) -> ThingScrapped {
    ThingScrapped { thing_id: id.to_string() }
}

#[tokio::test]
async fn a_broadcast_reaches_every_subscriber_of_that_event() {
    for way in WAYS {
        let name = named("broadcast", way);
        let bench = bench(&name, way).await;
        let other = connect(&name, way).await;
        let mut here = bench.client.subscribe::<ThingMade>().await.unwrap();
        let mut there = other.subscribe::<ThingMade>().await.unwrap();
        let mut elsewhere = other.subscribe::<ThingScrapped>().await.unwrap();
        bench.server.broadcast(made("t-1")).await.unwrap();
        bench.server.broadcast(scrapped("t-2")).await.unwrap();
        assert_eq!(*here.next().await.unwrap(), made("t-1"));
        assert_eq!(*there.next().await.unwrap(), made("t-1"));
        assert_eq!(*elsewhere.next().await.unwrap(), scrapped("t-2"));
    }
}

#[tokio::test]
async fn all_events_of_a_contract_arrive_in_order() {
    for way in WAYS {
        let bench = bench(&named("all-events", way), way).await;
        let mut events = bench.client.subscribe::<workshop::Event>().await.unwrap();
        bench.server.broadcast(made(1)).await.unwrap();
        // An event can be announced as a value of the enum too: from a log, say.
        let logged = r#"{"event":"thingScrapped","payload":{"thingId":"2"}}"#;
        let event: workshop::Event = serde_json::from_str(logged).unwrap();
        bench.server.broadcast(event.clone()).await.unwrap();
        bench.server.broadcast(made(3)).await.unwrap();
        assert_eq!(*events.next().await.unwrap(), made(1).into());
        assert_eq!(*events.next().await.unwrap(), event);
        assert_eq!(*events.next().await.unwrap(), made(3).into());
    }
}

#[tokio::test]
async fn an_event_can_be_sent_to_one_client() {
    for way in WAYS {
        let name = named("send-to", way);
        let bench = bench(&name, way).await;
        let endpoint = format!("memory://{name}{way}");
        let ada = Client::builder().id("ada").connect(endpoint).await.unwrap();
        let mut for_ada = ada.subscribe::<ThingMade>().await.unwrap();
        let mut for_others = bench.client.subscribe::<ThingMade>().await.unwrap();
        bench.server.send_to("ada", made("hers")).await.unwrap();
        bench.server.broadcast(made("everybody's")).await.unwrap();
        assert_eq!(for_ada.next().await.unwrap().thing_id, "hers");
        assert_eq!(for_others.next().await.unwrap().thing_id, "everybody's");

        let fault = bench.server.send_to("bob", made("his")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert_eq!(fault.message(), "no client `bob` is connected");
    }
}

#[tokio::test]
async fn an_event_says_who_announced_it_and_when() {
    for way in WAYS {
        let name = named("from", way);
        let bench = bench(&name, way).await;
        let mut made_things = bench.client.subscribe::<ThingMade>().await.unwrap();
        let before = std::time::SystemTime::now();
        bench.server.broadcast(made("1")).await.unwrap();
        let event = made_things.next().await.unwrap();
        assert_eq!(event.context().source(), Some(name.as_str()));
        assert!(event.context().timestamp() >= before);
        assert_eq!(event.context().timestamp(), event.context().timestamp());
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod whisper {
        #[event]
        struct Whispered {
            text: String,
        }

        #[request]
        async fn whisper_to(client: String, text: String);
    }
);

struct Whisperer;

impl whisper::Service for Whisperer {
    async fn whisper_to(
        &self,
        cx: &magicbutton::Context,
        client: String,
        text: String,
    ) -> magicbutton::Reply<()> {
        cx.send_to(&client, whisper::Whispered { text }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_can_send_to_one_client() {
    for way in WAYS {
        let name = named("whisper", way);
        let _server = Server::builder()
            .serve(whisper::serve(Whisperer))
            .bind(format!("memory://{name}"))
            .start()
            .await
            .unwrap();
        let connect =
            |id: &'static str| Client::builder().id(id).connect(format!("memory://{name}{way}"));
        let (ada, bob) = (connect("ada").await.unwrap(), connect("bob").await.unwrap());
        let mut for_bob = bob.subscribe::<whisper::Whispered>().await.unwrap();
        let ada: whisper::Client = ada.typed().unwrap();
        let mut for_ada = ada.subscribe::<whisper::Whispered>().await.unwrap();
        ada.whisper_to("bob".into(), "psst".into()).await.unwrap();
        assert_eq!(for_bob.next().await.unwrap().text, "psst");
        assert!(futures_util::poll!(std::pin::pin!(for_ada.next())).is_pending());
        let failure = ada.whisper_to("eve".into(), "psst".into()).await.unwrap_err();
        assert_eq!(failure.code(), "UNAVAILABLE");
    }
}

/// A workshop that remembers what clients emit.
fn remembering(name: &str, seen: &Arc<Mutex<Vec<String>>>, told: &Arc<Notify>) -> ServerBuilder {
    let (seen, told) = (Arc::clone(seen), Arc::clone(told));
    Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .on(move |event: Received<ThingScrapped>| {
            let (seen, told) = (Arc::clone(&seen), Arc::clone(&told));
            async move {
                match event.thing_id.as_str() {
                    "panic" => panic!("a handler's own mistake"),
                    "fault" => Err(Fault::unavailable("not today"))?,
                    _ => {}
                }
                let from = event.context().source().unwrap_or("-").to_owned();
                seen.lock().unwrap().push(format!("{} by {from}", event.thing_id));
                told.notify_one();
                Ok(())
            }
        })
        .bind(format!("memory://{name}"))
}

#[tokio::test]
async fn the_server_handles_what_clients_emit_in_order_whatever_fails() {
    for way in WAYS {
        let name = named("emit", way);
        let (seen, told) = (Arc::default(), Arc::default());
        let server = remembering(&name, &seen, &told).start().await.unwrap();
        let endpoint = format!("memory://{name}{way}");
        let ada = Client::builder().id("ada").connect(endpoint).await.unwrap();
        let ada: workshop::Client = ada.typed().unwrap();
        for id in ["1", "panic", "2", "fault", "3"] {
            ada.emit(scrapped(id)).await.unwrap();
        }
        // Nobody handles this one, and nobody minds.
        ada.emit(made("ignored")).await.unwrap();
        // What was emitted before the stop is handled before the stop is over.
        server.stop().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["1 by ada", "2 by ada", "3 by ada"]);
        let fault = ada.emit(scrapped(4)).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable);
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod foreign {
        #[event]
        struct Foreign {
            text: String,
        }
    }
);

#[tokio::test]
async fn an_event_that_the_server_does_not_know_is_refused() {
    for way in WAYS {
        let bench = bench(&named("foreign", way), way).await;
        let foreign = foreign::Client::from(bench.client.client().clone());
        let fault = foreign.emit(foreign::Foreign { text: "hi".into() }).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ContractMismatch);
        assert!(fault.message().contains("foreign/foreign"), "{fault}");
        let fault = foreign.subscribe::<foreign::Foreign>().await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ContractMismatch);
    }
}

#[tokio::test]
async fn a_callback_handles_events_until_its_guard_is_dropped() {
    for way in WAYS {
        let bench = bench(&named("callback", way), way).await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&seen);
        let guard = bench
            .client
            .subscribe::<ThingMade>()
            .for_each(move |event| {
                let seen = Arc::clone(&remembered);
                async move {
                    assert_ne!(event.thing_id, "2", "a handler's own mistake");
                    seen.lock().unwrap().push(event.thing_id.clone());
                    Ok(())
                }
            })
            .await
            .unwrap();
        for id in 1..=3 {
            bench.server.broadcast(made(id)).await.unwrap();
        }
        guard.unsubscribe().await;
        bench.server.broadcast(made(4)).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["1", "3"]);
    }
}

async fn ids(events: &mut magicbutton::Subscription<ThingMade>) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        ids.push(event.thing_id.clone());
    }
    ids
}

#[tokio::test]
async fn a_subscriber_that_never_reads_loses_what_its_policy_says_and_harms_nobody() {
    for way in WAYS {
        let bench = bench(&named("overflow", way), way).await;
        let subscribe = |overflow| {
            bench.client.subscribe::<ThingMade>().capacity(3).overflow(overflow).into_future()
        };
        let mut oldest = subscribe(Overflow::DropOldest).await.unwrap();
        let mut newest = subscribe(Overflow::DropNewest).await.unwrap();
        let mut closed = subscribe(Overflow::Close).await.unwrap();
        let mut fine = bench.client.subscribe::<ThingMade>().await.unwrap();
        for id in 0..10 {
            bench.server.broadcast(made(id)).await.unwrap();
        }
        assert_eq!(ids(&mut oldest).await, ["7", "8", "9"]);
        assert_eq!((oldest.dropped(), oldest.end_reason()), (7, None));
        assert_eq!(ids(&mut newest).await, ["0", "1", "2"]);
        assert_eq!((newest.dropped(), newest.end_reason()), (7, None));
        assert_eq!(ids(&mut closed).await, ["0", "1", "2"]);
        assert_eq!((closed.dropped(), closed.end_reason()), (1, Some(EndReason::Overflowed)));
        assert!(closed.next().await.is_none());
        assert_eq!(ids(&mut fine).await.len(), 10);
        assert_eq!(fine.dropped(), 0);

        // Room again: the first two go on, the third has ended.
        bench.server.broadcast(made("more")).await.unwrap();
        assert_eq!(ids(&mut oldest).await, ["more"]);
        assert_eq!(ids(&mut newest).await, ["more"]);
        assert_eq!(ids(&mut closed).await.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_publisher_waits_for_a_reader_that_asks_for_it_but_not_for_ever() {
    for way in WAYS {
        let bench = bench(&named("wait", way), way).await;
        let policy = Overflow::Wait(Duration::from_secs(2));
        let patient = bench.client.subscribe::<ThingMade>().capacity(1).overflow(policy);
        let mut patient = patient.await.unwrap();
        bench.server.broadcast(made(0)).await.unwrap();

        // A reader that reads within the time gets everything.
        let start = Instant::now();
        let reader = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            patient.next().await.unwrap().thing_id.clone()
        };
        let (published, first) = tokio::join!(bench.server.broadcast(made(1)), reader);
        published.unwrap();
        assert_eq!((first.as_str(), start.elapsed()), ("0", Duration::from_secs(1)));
        assert_eq!(patient.dropped(), 0);

        // One that does not, does not stop the server.
        let start = Instant::now();
        bench.server.broadcast(made(2)).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert_eq!(patient.dropped(), 1);
        assert_eq!(ids(&mut patient).await, ["1"]);

        // Nor does a publisher that gives up lose anything unseen.
        bench.server.broadcast(made(3)).await.unwrap();
        let giving_up = bench.server.broadcast(made(4));
        assert!(tokio::time::timeout(Duration::from_secs(1), giving_up).await.is_err());
        assert_eq!(patient.dropped(), 2);
    }
}

#[tokio::test]
async fn the_default_queue_holds_256_events() {
    let bench = bench("default-queue", "").await;
    let mut events = bench.client.subscribe::<ThingMade>().await.unwrap();
    for id in 0..300 {
        bench.server.broadcast(made(id)).await.unwrap();
    }
    let ids = ids(&mut events).await;
    assert_eq!((ids.len(), events.dropped()), (256, 44));
    assert_eq!(ids.first().map(String::as_str), Some("44"));
}

#[tokio::test]
async fn a_subscription_ends_with_the_reason() {
    for way in WAYS {
        let name = named("ends", way);
        let bench = bench(&name, way).await;
        let leaving = connect(&name, way).await;
        let mut by_leaving = leaving.subscribe::<ThingMade>().await.unwrap();
        let mut by_stop = bench.client.subscribe::<ThingMade>().await.unwrap();
        let mut by_itself = bench.client.subscribe::<ThingMade>().await.unwrap();
        bench.server.broadcast(made("last")).await.unwrap();
        by_itself.unsubscribe();
        leaving.client().disconnect().await;
        bench.server.stop().await.unwrap();
        for (events, reason) in [
            (&mut by_leaving, EndReason::ClientDisconnected),
            (&mut by_stop, EndReason::ServerStopped),
            (&mut by_itself, EndReason::Unsubscribed),
        ] {
            // What was there before the end is still read.
            assert_eq!(events.next().await.unwrap().thing_id, "last");
            assert!(events.next().await.is_none());
            assert_eq!(events.end_reason(), Some(reason));
        }
        // A subscription that comes too late is told so.
        let fault = bench.client.subscribe::<ThingMade>().await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable);
    }
}

/// The workshop as a newer server announces it.
mod newer {
    use super::contract;

    contract!(
        #[contract(version = "1.9.0")]
        pub mod workshop {
            #[event]
            struct ThingMade {
                thing_id: u64,
            }
        }
    );

    pub(super) struct Nothing;

    impl workshop::Service for Nothing {}
}

#[tokio::test]
async fn an_event_of_the_wrong_shape_is_skipped_and_counted() {
    for way in WAYS {
        let name = named("undecodable", way);
        let server = Server::builder()
            .serve(newer::workshop::serve(newer::Nothing))
            .bind(format!("memory://{name}"))
            .start()
            .await
            .unwrap();
        let client = connect(&name, way).await;
        let mut events = client.subscribe::<ThingMade>().await.unwrap();
        server.broadcast(newer::workshop::ThingMade { thing_id: 1 }).await.unwrap();
        server.broadcast(made("right")).await.unwrap();
        assert_eq!(events.next().await.unwrap().thing_id, "right");
        assert_eq!(events.undecodable(), 1);
    }
}

/// How often [`Payload`] was cloned.
static CLONES: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Payload(String);

impl Clone for Payload {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, Ordering::SeqCst);
        Self(self.0.clone())
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod news {
        use super::Payload;

        #[event]
        struct Headline {
            payload: Payload,
        }
    }
);

struct Nothing;

impl news::Service for Nothing {}

#[tokio::test]
async fn a_broadcast_to_a_thousand_subscribers_clones_no_payload() {
    let server = Server::builder()
        .serve(news::serve(Nothing))
        .bind("memory://thousand")
        .start()
        .await
        .unwrap();
    let mut subscribers = Vec::new();
    for _ in 0..1000 {
        let client = news::Client::connect("memory://thousand").await.unwrap();
        let events = client.subscribe::<news::Headline>().await.unwrap();
        subscribers.push((client, events));
    }
    let (all, _client) = {
        let client = subscribers.first().unwrap().0.clone();
        (client.subscribe::<news::Event>().await.unwrap(), client)
    };
    let headline = Arc::new(news::Headline { payload: Payload("x".repeat(1000)) });
    server.broadcast(news::Event::Headline(Arc::clone(&headline))).await.unwrap();
    // Every reader holds the one value that was announced.
    for (_, events) in &mut subscribers {
        let received = events.next().await.unwrap();
        assert!(Arc::ptr_eq(&received.into_shared(), &headline));
    }
    let all: Vec<_> = all.take(1).collect().await;
    assert_eq!(all.len(), 1);
    assert_eq!(CLONES.load(Ordering::SeqCst), 0);
}
