//! `#[request(timeout = "5s")]`: how long a request may take is part of its contract. Callers wait no
//! longer, and the server ends the handler by itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "common/by_hand.rs"]
mod by_hand;
#[allow(dead_code, reason = "each test file uses the part it needs")]
#[path = "common/wire.rs"]
mod wire;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use by_hand::ByHand;
use futures_util::FutureExt;
use magicbutton::{
    Body, ClientStatus, Context, Failure, Fault, FaultKind, Message, Reply, Server, contract,
    middleware::{Next, from_fn},
};
use tokio::time::{Instant, timeout};
use wire::Wire;

contract!(
    #[contract(version = "1.0.0")]
    mod kitchen {
        #[request(timeout = "5s")]
        async fn cook(minutes: u32) -> u32;

        #[request(timeout = "150ms")]
        async fn toast();

        #[request]
        async fn stew();

        #[request(idempotent)]
        async fn roast();

        /// Milliseconds that the handler has; none without a deadline.
        #[request(timeout = "2m")]
        async fn time_left() -> Option<u64>;

        /// Has somebody else cook.
        #[request(timeout = "3s")]
        async fn order() -> u32;
    }
);

const DECLARED: Duration = Duration::from_secs(5);

#[derive(Clone, Default)]
struct Kitchen {
    dropped: Arc<AtomicUsize>,
    helper: Option<kitchen::Client>,
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Kitchen {
    async fn hang(&self) {
        let _dropped = CountDrop(Arc::clone(&self.dropped));
        std::future::pending().await
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

impl kitchen::Service for Kitchen {
    async fn cook(&self, _: &Context, minutes: u32) -> Reply<u32> {
        if minutes > 0 {
            self.hang().await;
        }
        Ok(minutes)
    }

    async fn toast(&self, _: &Context) -> Reply<()> {
        self.hang().await;
        Ok(())
    }

    async fn stew(&self, _: &Context) -> Reply<()> {
        self.hang().await;
        Ok(())
    }

    async fn roast(&self, _: &Context) -> Reply<()> {
        self.hang().await;
        Ok(())
    }

    async fn time_left(&self, cx: &Context) -> Reply<Option<u64>> {
        assert!(cx.caller().is_some(), "it is still the view of a server");
        Ok(cx.remaining().map(|left| u64::try_from(left.as_millis()).unwrap()))
    }

    async fn order(&self, cx: &Context) -> Reply<u32> {
        let _dropped = CountDrop(Arc::clone(&self.dropped));
        assert!(cx.remaining().unwrap() <= Duration::from_secs(3));
        self.helper.as_ref().unwrap().cook(1).await
    }
}

fn fault<T: std::fmt::Debug>(reply: Reply<T, impl std::fmt::Debug>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("expected a fault: {other:?}"),
    }
}

/// What came of it, and how long that took. Nothing here takes an hour, unless nobody keeps the time.
async fn took<F: IntoFuture>(work: F) -> (F::Output, Duration) {
    let start = Instant::now();
    let output = timeout(Duration::from_secs(3600), work).await.expect("it takes for ever");
    (output, start.elapsed())
}

/// A kitchen, served over every way that needs no socket, and a client for each.
struct Ways {
    kitchen: Kitchen,
    clients: [(&'static str, kitchen::Client); 4],
    _server: Server,
}

async fn ways(name: &str) -> Ways {
    let kitchen = Kitchen::default();
    let network = Wire::default();
    let server = Server::builder()
        .serve(kitchen::serve(kitchen.clone()))
        .transport(network.clone())
        .bind(format!("memory://{name}"))
        .bind(format!("wire://{name}"))
        .start()
        .await
        .unwrap();
    let builder = || magicbutton::Client::builder().transport(network.clone());
    let connect = async |endpoint: String| {
        builder().connect(endpoint).await.unwrap().typed::<kitchen::Client>().unwrap()
    };
    let clients = [
        ("in process", kitchen::Client::in_process(kitchen.clone())),
        ("in memory", connect(format!("memory://{name}")).await),
        ("through the codec", connect(format!("memory://{name}?codec=json")).await),
        ("over a network", connect(format!("wire://{name}")).await),
    ];
    Ways { kitchen, clients, _server: server }
}

#[test]
fn the_descriptor_says_it() {
    let declared = |name: &str| {
        kitchen::CONTRACT.requests.iter().find(|request| request.name == name).unwrap().timeout
    };
    assert_eq!(declared("cook"), Some(DECLARED));
    assert_eq!(declared("toast"), Some(Duration::from_millis(150)));
    assert_eq!(declared("timeLeft"), Some(Duration::from_secs(120)));
    assert_eq!(declared("stew"), None);
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_as_long_as_the_contract_says() {
    let ways = ways("declared").await;
    for (count, (way, client)) in ways.clients.iter().enumerate() {
        let (reply, time) = took(client.cook(1)).await;
        let fault = fault(reply);
        assert_eq!(fault.kind(), FaultKind::Timeout, "{way}");
        assert!(fault.message().starts_with("kitchen/cook was not answered in time"), "{way}");
        assert!(fault.may_have_run(), "{way}");
        assert_eq!(time, DECLARED, "{way}");
        tokio::task::yield_now().await;
        assert_eq!(ways.kitchen.dropped(), count + 1, "{way}");
        assert_eq!(client.cook(0).await, Ok(0), "{way}: in time");
    }
}

#[tokio::test(start_paused = true)]
async fn it_counts_instead_of_the_clients_own_limit() {
    let ways = ways("own-limit").await;
    let client = magicbutton::Client::builder()
        .request_timeout(Duration::from_millis(300))
        .connect("memory://own-limit")
        .await
        .unwrap();
    let client: kitchen::Client = client.typed().unwrap();
    assert_eq!(took(client.cook(1)).await.1, DECLARED);
    // Sent as a value, it is the same request.
    let request = kitchen::Request::from(kitchen::requests::Cook { minutes: 1 });
    assert_eq!(took(client.send(request)).await.1, DECLARED);
    assert_eq!(took(client.stew()).await.1, Duration::from_millis(300));
    drop(ways);
}

#[tokio::test(start_paused = true)]
async fn it_counts_behind_a_connection_that_was_made_later() {
    let lazy = magicbutton::Client::builder()
        .request_timeout(Duration::from_millis(300))
        .connect_lazily("memory://later")
        .unwrap();
    let client: kitchen::Client = lazy.typed().unwrap();
    let ways = ways("later").await;
    lazy.watch_status().wait_for(|status| *status == ClientStatus::Connected).await.unwrap();
    assert_eq!(took(client.stew()).await.1, Duration::from_millis(300));
    assert_eq!(took(client.cook(1)).await.1, DECLARED);
    // Over a line, one that may be repeated is a future of its own.
    assert_eq!(took(client.roast()).await.1, Duration::from_millis(300));
    drop(ways);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_wait_less_but_its_server_no_longer() {
    let ways = ways("less").await;
    for (way, client) in &ways.clients {
        let (reply, time) = took(client.cook(1).timeout(Duration::from_secs(1))).await;
        assert_eq!(fault(reply).kind(), FaultKind::Timeout, "{way}");
        assert_eq!(time, Duration::from_secs(1), "{way}");
        let (reply, time) = took(client.cook(1).timeout(Duration::from_secs(60))).await;
        assert!(
            fault(reply).message().starts_with("kitchen/cook was not answered in time"),
            "{way}"
        );
        assert_eq!(time, DECLARED, "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_ends_the_handler_whatever_its_caller_says() {
    let ways = ways("nothing-said").await;
    for (way, client) in &ways.clients {
        // By name: no contract tells this caller how long to wait. In memory it would wait for ever.
        let before = ways.kitchen.dropped();
        let body = Body::new(serde_json::json!({ "minutes": 1 }));
        let (reply, time) = took(client.client().call_raw("kitchen/cook", body)).await;
        let fault = fault(reply);
        assert_eq!(fault.kind(), FaultKind::Timeout, "{way}");
        assert!(fault.message().starts_with("kitchen/cook was not answered in time"), "{way}");
        assert_eq!(time, DECLARED, "{way}");
        assert_eq!(ways.kitchen.dropped(), before + 1, "{way}: before its caller hears of it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_sees_what_became_of_it() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let watch = from_fn(move |message: Message, next: Next| {
        let count = Arc::clone(&count);
        async move {
            let handled = next.run(message).await;
            let is_late = |fault: &Fault| fault.kind() == FaultKind::Timeout;
            if matches!(&handled, Err(Failure::Fault(fault)) if is_late(fault)) {
                count.fetch_add(1, Ordering::SeqCst);
            }
            handled
        }
    });
    let kitchen = Kitchen::default();
    let client = kitchen::serve(kitchen.clone()).middleware(watch);
    let client = kitchen::Client::from(magicbutton::Client::in_process(client));
    let body = Body::new(serde_json::json!({ "minutes": 1 }));
    let (reply, time) = took(client.client().call_raw("cook", body)).await;
    assert!(fault(reply).message().starts_with("kitchen/cook was not answered in time"));
    assert_eq!((time, kitchen.dropped(), seen.load(Ordering::SeqCst)), (DECLARED, 1, 1));
}

#[tokio::test]
async fn frames_without_a_deadline_are_answered_in_time() {
    let kitchen = Kitchen::default();
    let server = Server::builder()
        .serve(kitchen::serve(kitchen.clone()))
        .bind("ws://127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let mut by_hand = ByHand::connect(&server.endpoints()[0]).await;
    let error = by_hand.error("toast", serde_json::json!({})).await;
    assert_eq!(error["code"], "TIMEOUT", "{error}");
    assert_eq!(error["status"], 504);
    assert_eq!(kitchen.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_handler_sees_the_earlier_of_two_deadlines() {
    let ways = ways("seen").await;
    for (way, client) in &ways.clients {
        assert_eq!(client.time_left().await, Ok(Some(120_000)), "{way}");
        let less = client.time_left().timeout(Duration::from_secs(7)).await;
        assert_eq!(less, Ok(Some(7_000)), "{way}");
        let more = client.time_left().timeout(Duration::from_secs(700)).await;
        assert_eq!(more, Ok(Some(120_000)), "{way}");
        let body = Body::new(serde_json::json!({}));
        let raw = client.client().call_raw("timeLeft", body).await.unwrap();
        let left: Option<u64> = raw.decode().unwrap();
        // A client waits 30 seconds over a network, of its own.
        let expected = if *way == "over a network" { 30_000 } else { 120_000 };
        assert_eq!(left, Some(expected), "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_calls_has_no_more_time_than_it_has_itself() {
    let helper = Kitchen::default();
    let kitchen =
        Kitchen { helper: Some(kitchen::Client::in_process(helper.clone())), ..Kitchen::default() };
    let client = kitchen::Client::in_process(kitchen.clone());
    let (reply, time) = took(client.order()).await;
    assert_eq!(fault(reply).kind(), FaultKind::Timeout);
    assert_eq!(time, Duration::from_secs(3));
    assert_eq!((kitchen.dropped(), helper.dropped()), (1, 1));
}

#[test]
fn without_a_runtime_nobody_keeps_the_time() {
    let client = kitchen::Client::in_process(Kitchen::default());
    let call = |minutes| {
        let body = Body::new(serde_json::json!({ "minutes": minutes }));
        client.client().call_raw("cook", body).now_or_never().unwrap()
    };
    // Done at once, it needs no time.
    assert_eq!(call(0).unwrap().decode::<u32>().unwrap(), 0);
    assert_eq!(fault(call(1)).kind(), FaultKind::Unavailable);
}
