//! What a hostile or unlucky user does: panics in odd places, services that hold each other,
//! runtimes that go away, readers that wait for themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "robustness/ends.rs"]
mod ends;

use std::{
    sync::{
        Arc, Barrier, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{WAYS, named};
use futures_util::{FutureExt, StreamExt, stream};
use magicbutton::{
    Client, ClientStatus, Context, EndReason, Fault, Overflow, Received, Reply, Server,
    ServerBuilder, StopError, Stream, contract,
};
use tokio::{sync::Notify, time::Instant};

contract!(
    #[contract(version = "1.0.0")]
    mod odd {
        use super::Odd;

        /// A value whose own code may panic.
        #[event]
        struct Happened {
            number: u32,
            odd: Odd,
        }

        #[request]
        async fn echo(odd: Odd) -> Odd;

        #[request]
        async fn bomb(wait: bool) -> u32;

        #[request]
        async fn announce() -> Option<u64>;

        #[request(detached)]
        async fn slow() -> Option<u64>;

        #[request]
        fn numbers(how: String) -> impl Stream<Item = u32>;
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod silent {}
);

/// A value that panics or fails as it is told to: when it is written, read, or dropped.
#[derive(Debug, Clone, PartialEq, Default)]
struct Odd(&'static str);

const SECRET: &str = "swordfish";

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            "panics when written" => panic!("{SECRET}"),
            "fails when written" => Err(serde::ser::Error::custom(SECRET)),
            text => serializer.serialize_str(text),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Odd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "panics when read" => panic!("{SECRET}"),
            _ => Ok(Self("")),
        }
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{SECRET}");
    }
}

/// An error whose own text panics.
#[derive(Debug)]
struct Untold;

impl std::fmt::Display for Untold {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("{SECRET}");
    }
}

impl std::error::Error for Untold {}

/// Where a handler that blocks meets its test: when it begins, and when it may go on.
static MEETING: Barrier = Barrier::new(2);
static WENT_ON: AtomicUsize = AtomicUsize::new(0);

#[derive(Default, Clone)]
struct Service(Arc<Mutex<Vec<Client>>>);

impl odd::Service for Service {
    async fn echo(&self, _: &Context, odd: Odd) -> Reply<Odd> {
        match odd.0 {
            "throws what throws" => std::panic::panic_any(Bomb),
            "has a cause without a text" => {
                return Err(Fault::internal("broken").with_source(Untold).into());
            }
            _ => {}
        }
        // A reply that cannot be written, of a request that can.
        Ok(if odd.0.is_empty() { Odd("fails when written") } else { odd })
    }

    async fn bomb(&self, _: &Context, wait: bool) -> Reply<u32> {
        let _bomb = Bomb;
        if wait {
            std::future::pending::<()>().await;
        }
        Ok(1)
    }

    async fn announce(&self, cx: &Context) -> Reply<Option<u64>> {
        cx.broadcast(odd::Happened { number: 1, odd: Odd::default() }).await?;
        Ok(cx.remaining().map(|left| left.as_secs()))
    }

    async fn slow(&self, cx: &Context) -> Reply<Option<u64>> {
        Ok(cx.remaining().map(|left| left.as_secs()))
    }

    fn numbers(&self, _: &Context, how: String) -> impl Stream<Item = Reply<u32>> + Send {
        assert_ne!(how, "panics at once", "{SECRET}");
        let in_context = Context::current().is_some();
        let bomb = (how == "bomb").then(|| Bomb);
        stream::iter([Ok(u32::from(in_context))]).chain(stream::pending()).map(move |item| {
            let _ = &bomb;
            if how == "blocks" {
                MEETING.wait();
                MEETING.wait();
                WENT_ON.fetch_add(1, Ordering::SeqCst);
            }
            item
        })
    }
}

fn builder(name: &str) -> ServerBuilder {
    Server::builder()
        .serve(odd::serve(Service::default()))
        .bind(format!("memory://{name}"))
        .drain(Duration::from_secs(5))
}

async fn start(test: &str, way: &str) -> (Server, odd::Client) {
    let name = named(test, way);
    let server = builder(&name).start().await.unwrap();
    let client = odd::Client::connect(format!("memory://{name}{way}")).await.unwrap();
    (server, client)
}

fn happened(number: u32) -> odd::Happened {
    odd::Happened { number, odd: Odd::default() }
}

#[tokio::test]
async fn a_panic_in_a_users_own_types_is_an_error_like_any_other() {
    let (_server, client) = start("odd-types", "?codec=json").await;
    for (odd, code) in [
        ("panics when written", "VALIDATION_FAILED"),
        ("panics when read", "VALIDATION_FAILED"),
        ("fails when written", "VALIDATION_FAILED"),
        ("", "INTERNAL_SERVER_ERROR"),
    ] {
        let failure = client.echo(Odd(odd)).await.unwrap_err();
        assert_eq!(failure.code(), code, "{odd}: {failure}");
        let leaked = odd.is_empty() && format!("{failure:?}").contains(SECRET);
        assert!(!leaked, "the server's text stays there: {failure:?}");
    }
}

#[tokio::test]
async fn a_failure_that_cannot_be_told_or_dropped_is_an_error_like_any_other() {
    let (_server, client) = start("odd-failures", "").await;
    for odd in ["throws what throws", "has a cause without a text"] {
        let failure = client.echo(Odd(odd)).await.unwrap_err();
        assert_eq!(failure.code(), "INTERNAL_SERVER_ERROR", "{odd}: {failure}");
        assert!(!format!("{failure:?}").contains(SECRET), "{odd}: {failure:?}");
    }
}

#[tokio::test]
async fn an_event_that_panics_when_read_is_skipped() {
    let (server, client) = start("odd-event", "?codec=json").await;
    let mut events = client.subscribe::<odd::Happened>().await.unwrap();
    let odd = Odd("panics when read");
    server.broadcast(odd::Happened { number: 1, odd }).await.unwrap();
    server.broadcast(happened(2)).await.unwrap();
    assert_eq!(events.next().await.unwrap().number, 2);
    assert_eq!(events.undecodable(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_handlers_drop_harms_nobody() {
    for way in WAYS {
        let (_server, client) = start("odd-drop", way).await;
        let reply = client.bomb(false).await;
        assert_eq!(reply.unwrap_err().code(), "INTERNAL_SERVER_ERROR");
        let call = client.bomb(true).timeout(Duration::from_secs(1));
        assert_eq!(call.await.unwrap_err().code(), "TIMEOUT");
        let mut items = client.numbers("bomb".into());
        items.next().await.unwrap().unwrap();
        drop(items);
        assert!(client.announce().await.is_ok());
    }
}

#[tokio::test]
async fn a_stream_begins_behind_the_net_and_in_its_context() {
    for way in WAYS {
        let (server, client) = start("odd-stream", way).await;
        let failure = client.numbers("panics at once".into()).next().await.unwrap().unwrap_err();
        assert_eq!(failure.code(), "INTERNAL_SERVER_ERROR");
        assert!(!format!("{failure:?}").contains(SECRET));
        assert_eq!(client.numbers(String::new()).next().await, Some(Ok(1)), "in its context");
        server.stop().await.unwrap();
        let failure = client.numbers("panics at once".into()).next().await.unwrap().unwrap_err();
        assert_eq!(failure.code(), "UNAVAILABLE", "after the stop it does not begin");
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_client_disconnects() {
    for way in WAYS {
        let (_server, client) = start("odd-leaving", way).await;
        let mut items = client.numbers(String::new());
        items.next().await.unwrap().unwrap();
        let (last, ()) = tokio::join!(items.next(), client.client().disconnect());
        let failure = last.unwrap().unwrap_err();
        assert_eq!(failure.to_string(), "UNAVAILABLE: this client has disconnected");
    }
}

#[tokio::test]
async fn a_client_keeps_no_service_alive() {
    for way in WAYS {
        let (service, name) = (Service::default(), named("odd-leak", way));
        let alive: Weak<Mutex<Vec<Client>>> = Arc::downgrade(&service.0);
        let server = Server::builder()
            .serve(odd::serve(service.clone()))
            .bind(format!("memory://{name}"))
            .start()
            .await
            .unwrap();
        let client = Client::connect(format!("memory://{name}{way}")).await.unwrap();
        // Even a service that holds a client of its own server.
        service.0.lock().unwrap().push(client.clone());
        drop(service);
        server.stop().await.unwrap();
        drop(server);
        assert!(alive.upgrade().is_none(), "the service is gone, its client is not");
        assert_eq!(client.status(), ClientStatus::Disconnected(EndReason::ServerStopped));
    }
}

#[tokio::test]
async fn dropping_an_event_may_drop_a_client() {
    struct Holds(#[allow(dead_code)] Mutex<Option<odd::Client>>);
    let (server, client) = start("odd-reentry", "").await;
    let mut events = client.subscribe::<odd::Happened>().capacity(1).await.unwrap();
    let other = odd::Client::connect("memory://odd-reentry").await.unwrap();
    // Nothing of a user's may run under a lock of ours: handlers emit, subscribe and leave.
    let held = Arc::new(Holds(Mutex::new(Some(other))));
    let guard = client
        .subscribe::<odd::Happened>()
        .for_each(move |_| {
            let other = held.0.lock().unwrap().take();
            async move {
                if let Some(other) = other {
                    let _events = other.subscribe::<odd::Happened>().await?;
                    other.emit(happened(9)).await?;
                    other.client().disconnect().await;
                }
                Ok(())
            }
        })
        .await
        .unwrap();
    for number in 0..3 {
        server.broadcast(happened(number)).await.unwrap();
        tokio::task::yield_now().await;
    }
    guard.unsubscribe().await;
    assert_eq!(events.next().await.unwrap().number, 2);
    assert_eq!(server.clients().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_and_a_detached_request_have_no_deadline() {
    for way in WAYS {
        let (_server, client) = start("odd-deadline", way).await;
        let mut events = client.subscribe::<odd::Happened>().await.unwrap();
        let left = client.announce().timeout(Duration::from_secs(9)).await;
        assert_eq!(left, Ok(Some(9)));
        assert_eq!(events.next().await.unwrap().context().remaining(), None);
        assert_eq!(client.slow().timeout(Duration::from_secs(9)).await, Ok(None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_context_made_for_a_call_does_not_lift_the_deadline() {
    for way in WAYS {
        let (_server, client) = start("odd-explicit", way).await;
        let cx = Context::new().with_deadline(Instant::now() + Duration::from_secs(3));
        let explicit = Context::new().with_metadata("a", "b");
        let left = cx.scope(async { client.announce().context(explicit).await }).await;
        assert_eq!(left, Ok(Some(3)));
    }
}

#[tokio::test]
async fn what_is_emitted_with_ok_is_handled() {
    for way in WAYS {
        let handled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handled);
        let name = named("odd-emit", way);
        let server = builder(&name)
            .on(move |_: Received<odd::Happened>| {
                let count = Arc::clone(&count);
                async move {
                    tokio::task::yield_now().await;
                    count.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            })
            .start()
            .await
            .unwrap();
        let emitting = (0..8).map(|_| async {
            let client = odd::Client::connect(format!("memory://{name}{way}")).await.unwrap();
            let mut accepted = 0;
            while client.emit(happened(accepted)).await.is_ok() {
                accepted += 1;
                tokio::task::yield_now().await;
            }
            accepted as usize
        });
        let stopping = async {
            while handled.load(Ordering::SeqCst) < 100 {
                tokio::task::yield_now().await;
            }
            server.stop().await
        };
        let (accepted, stopped) = tokio::join!(futures_util::future::join_all(emitting), stopping);
        assert_eq!(stopped, Ok(()));
        assert_eq!(handled.load(Ordering::SeqCst), accepted.into_iter().sum::<usize>());
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_handler_that_hangs_is_cut_off_and_counted() {
    let server = builder("odd-hung")
        .on(|_: Received<odd::Happened>| async {
            std::future::pending::<()>().await;
            Ok(())
        })
        .start()
        .await
        .unwrap();
    let client = odd::Client::connect("memory://odd-hung").await.unwrap();
    client.emit(happened(1)).await.unwrap();
    assert_eq!(server.stop().await, Err(StopError::CutOff { calls: 0, handlers: 1 }));
}

#[tokio::test(start_paused = true)]
async fn an_emitted_event_for_which_there_is_no_room_in_time_says_so() {
    let server = builder("odd-full")
        .on(|_: Received<odd::Happened>| async {
            std::future::pending::<()>().await;
            Ok(())
        })
        .start()
        .await
        .unwrap();
    let client = odd::Client::connect("memory://odd-full").await.unwrap();
    for number in 0..257 {
        client.emit(happened(number)).await.unwrap();
        tokio::task::yield_now().await;
    }
    let fault = client.emit(happened(257)).await.unwrap_err();
    assert_eq!(fault.message(), "the reader of the event had no room for it in time");
    drop(server);
}

#[tokio::test]
async fn nothing_overtakes_an_event_that_waits() {
    let (server, client) = start("odd-order", "").await;
    let policy = Overflow::Wait(Duration::from_secs(60));
    let mut events =
        client.subscribe::<odd::Happened>().capacity(1).overflow(policy).await.unwrap();
    server.broadcast(happened(1)).await.unwrap();
    let mut second = server.broadcast(happened(2));
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(events.next().await.unwrap().number, 1);
    // There is room now, and somebody waits for it.
    let mut third = server.broadcast(happened(3));
    assert!(futures_util::poll!(&mut third).is_pending());
    let reader =
        async { [events.next().await.unwrap().number, events.next().await.unwrap().number] };
    let (second, third, read) = tokio::join!(second, third, reader);
    assert_eq!((second, third, read), (Ok(()), Ok(()), [2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_does_not_look_holds_up_nobody() {
    let (server, client) = start("odd-parked", "").await;
    let policy = Overflow::Wait(Duration::from_secs(60));
    let mut events =
        client.subscribe::<odd::Happened>().capacity(1).overflow(policy).await.unwrap();
    server.broadcast(happened(1)).await.unwrap();
    let mut parked = server.broadcast(happened(2));
    assert!(futures_util::poll!(&mut parked).is_pending());
    // It is let in as there is room, polled or not, and so are those behind it.
    assert_eq!(events.next().await.unwrap().number, 1);
    assert_eq!(events.next().await.unwrap().number, 2);
    server.broadcast(happened(3)).await.unwrap();
    assert_eq!(events.next().await.unwrap().number, 3);
    assert_eq!(parked.await, Ok(()));
    // One that gives up takes its event out, and has it counted.
    server.broadcast(happened(4)).await.unwrap();
    let mut given_up = server.broadcast(happened(5));
    assert!(futures_util::poll!(&mut given_up).is_pending());
    drop(given_up);
    assert_eq!(events.next().await.unwrap().number, 4);
    server.broadcast(happened(6)).await.unwrap();
    assert_eq!(events.next().await.unwrap().number, 6);
    assert_eq!(events.dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_publisher_does_not_wait_for_a_reader_that_has_left() {
    let (server, client) = start("odd-left", "").await;
    let patient = Overflow::Wait(Duration::from_secs(60));
    let events = client.subscribe::<odd::Happened>().capacity(1).overflow(patient).await.unwrap();
    server.broadcast(happened(1)).await.unwrap();
    let begun = Instant::now();
    let mut waiting = server.broadcast(happened(2));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(events);
    // A broadcast goes to whoever is there: that one has left is no failure of it.
    assert_eq!(waiting.await, Ok(()));
    assert_eq!(begun.elapsed(), Duration::ZERO, "told at once");
}
