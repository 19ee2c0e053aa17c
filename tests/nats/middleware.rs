//! Middleware over the engine: once on each side, whatever the message takes on its way.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use magicbutton::{
    Client, Fault, Message, Name,
    middleware::{Handled, Kind, Middleware, Next},
};
use tokio::{sync::watch, time::timeout};

use crate::{
    contract::{Done, depot, server},
    nats_server,
};

/// Notes what passes, and refuses as many events that have arrived as it is told to.
#[derive(Default, Clone)]
struct Noting {
    passed: Arc<Mutex<Vec<(Kind, String)>>>,
    refuses: Arc<Mutex<usize>>,
}

impl Noting {
    fn count(&self, kind: Kind, name: &str) -> usize {
        let passed = self.passed.lock().unwrap();
        passed.iter().filter(|(k, n)| *k == kind && n == name).count()
    }
}

#[async_trait]
impl Middleware for Noting {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        // As the contract declares it, not as a text: what is sensitive about it is known.
        let declared = matches!(message.name(), Name::Event(_) | Name::Request(_));
        let name = if declared { message.name().to_string() } else { "text".to_owned() };
        self.passed.lock().unwrap().push((next.kind(), name));
        if next.kind() == Kind::Consumer {
            let mut left = self.refuses.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return Err(Fault::unavailable("not this time").into());
            }
        }
        next.run(message).await
    }
}

#[tokio::test]
async fn a_broadcast_passes_its_servers_chain_once_and_each_clients_once() {
    let Some(engine) = nats_server::start() else { return };
    let (serving, calling) = (Noting::default(), Noting::default());
    let server = server("one", &Done::default()).middleware(serving.clone());
    let server = server.bind(engine.url("")).bind("memory://nats-and-not").start().await.unwrap();
    let mut readers = Vec::new();
    for endpoint in [engine.url(""), engine.url(""), "memory://nats-and-not".to_owned()] {
        let client = Client::builder().middleware(calling.clone()).connect(endpoint).await.unwrap();
        let events = client.subscribe::<depot::Arrived>().await.unwrap();
        readers.push((client, events));
    }
    server.broadcast(depot::Arrived { parcel: "p".into() }).await.unwrap();
    for (_, events) in &mut readers {
        let event = timeout(Duration::from_secs(5), events.next()).await.unwrap().unwrap();
        assert_eq!(event.parcel, "p");
    }
    assert_eq!(serving.count(Kind::Producer, "depot/arrived"), 1);
    assert_eq!(calling.count(Kind::Consumer, "depot/arrived"), 3);
    let (first, _) = &readers[0];
    let depot: depot::Client = first.typed().unwrap();
    assert_eq!(depot.find("p".into()).await.unwrap(), "p is here");
    assert_eq!(calling.count(Kind::Client, "depot/find"), 1);
    assert_eq!(serving.count(Kind::Server, "depot/find"), 1);
}

#[tokio::test]
async fn a_durable_event_passes_the_chain_with_each_delivery_and_fails_with_it() {
    let Some(engine) = nats_server::start() else { return };
    let (serving, calling) = (Noting::default(), Noting::default());
    *calling.refuses.lock().unwrap() = 2;
    let server = server("one", &Done::default()).middleware(serving.clone());
    let server = server.bind(engine.url("")).start().await.unwrap();
    let client = Client::builder().middleware(calling.clone()).connect(engine.url("")).await;
    let client = client.unwrap();
    let handled = Arc::new(watch::Sender::new(0));
    let handling = Arc::clone(&handled);
    let subscribing = client.subscribe::<depot::Paid>().durable("billing");
    let _guard = subscribing
        .pause(Duration::from_millis(20))
        .for_each(move |event| {
            handling.send_replace(event.deliveries());
            async { Ok(()) }
        })
        .await
        .unwrap();
    server.broadcast(depot::Paid { number: 7 }).await.unwrap();
    let mut reading = handled.subscribe();
    let reached = timeout(Duration::from_secs(10), reading.wait_for(|count| *count > 0)).await;
    assert_eq!(
        *reached.unwrap().unwrap(),
        3,
        "two were refused by the chain, the third was handled"
    );
    assert_eq!(serving.count(Kind::Producer, "depot/paid"), 1);
    assert_eq!(calling.count(Kind::Consumer, "depot/paid"), 3);
}
