//! The chain around every message: its order, what it may do, and what its mistakes cannot do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; middleware panics on purpose"
)]

mod common;
#[path = "middleware/limits.rs"]
mod limits;
#[path = "common/wire.rs"]
mod wire;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{SECRET, Seen, Stage, ThingMade, ThingScrapped, Workshop, WorkshopError, workshop};
use futures_util::{FutureExt, StreamExt};
use magicbutton::{
    Actor, AnyError, Auth, Body, Client, Context, Failure, Fault, FaultKind, Message, Name,
    Received, Reply, Server, ServerBuilder, contract,
    middleware::{Handled, Middleware, Next, Outcome, from_fn},
};
use tokio::time::{Instant, sleep};
use wire::Wire;

const SECOND: Duration = Duration::from_secs(1);

/// What has passed, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// A middleware that notes what goes in and what comes out.
    fn page(&self, page: &'static str) -> Page {
        Page { diary: self.clone(), page }
    }
}

struct Page {
    diary: Diary,
    page: &'static str,
}

#[async_trait]
impl Middleware for Page {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        let name = message.name().to_string();
        self.diary.note(format!("{} > {name} {:?}", self.page, next.kind()));
        let handled = next.run(message).await;
        let what = match &handled {
            Ok(Outcome::Reply(_)) => "reply".to_owned(),
            Ok(Outcome::Stream(_)) => "stream".to_owned(),
            Ok(_) => "accepted".to_owned(),
            Err(failure) => failure.code().to_owned(),
        };
        self.diary.note(format!("{} < {what}", self.page));
        handled
    }
}

/// A server of the workshop under this name, behind these.
async fn serving(
    wire: &Wire,
    around: impl FnOnce(ServerBuilder) -> ServerBuilder,
    contract: impl FnOnce(magicbutton::ServedContract) -> magicbutton::ServedContract,
) -> (Server, Arc<Seen>) {
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    let server = Server::builder()
        .id("bench")
        .transport(wire.clone())
        .serve(contract(workshop::serve(workshop)))
        .bind("wire://bench")
        .drain(5 * SECOND);
    (around(server).start().await.unwrap(), seen)
}

/// A client of a workshop of its own, in process, behind these.
fn in_process(
    contract: impl FnOnce(magicbutton::ServedContract) -> magicbutton::ServedContract,
) -> (workshop::Client, Arc<Seen>) {
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    (Client::in_process(contract(workshop::serve(workshop))).typed().unwrap(), seen)
}

fn fault<T: std::fmt::Debug>(reply: Reply<T, impl std::fmt::Debug>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("a fault was expected, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_chain_reads_from_top_to_bottom_on_both_sides() {
    let (wire, diary) = (Wire::default(), Diary::default());
    let (server, _) = serving(
        &wire,
        |server| server.middleware(diary.page("s1")).middleware(diary.page("s2")),
        |contract| {
            contract
                .middleware_for_request::<workshop::requests::MakeThing>(diary.page("one"))
                .middleware(diary.page("contract"))
                .middleware_for_event::<ThingScrapped>(diary.page("other"))
        },
    )
    .await;
    let client = Client::builder()
        .transport(wire.clone())
        .middleware(diary.page("c1"))
        .middleware_for_request::<workshop::requests::MakeThing>(diary.page("c2"))
        .connect("wire://bench")
        .await
        .unwrap();
    let things: workshop::Client = client.typed().unwrap();
    diary.take();

    things.make_thing("t".into(), Vec::new()).await.unwrap();
    let made = diary.take();
    let expected = [
        "c1 > workshop/makeThing Client",
        "c2 > workshop/makeThing Client",
        "s1 > workshop/makeThing Server",
        "s2 > workshop/makeThing Server",
        "contract > workshop/makeThing Server",
        "one > workshop/makeThing Server",
        // The handler announces an event.
        "s1 > workshop/thingMade Producer",
        "s2 > workshop/thingMade Producer",
        "contract > workshop/thingMade Producer",
        "contract < accepted",
        "s2 < accepted",
        "s1 < accepted",
        "one < reply",
        "contract < reply",
        "s2 < reply",
        "s1 < reply",
    ];
    assert_eq!(made.iter().map(String::as_str).take(16).collect::<Vec<_>>(), expected);
    assert!(made.iter().any(|line| line == "c2 < reply"), "{made:?}");
    assert_eq!(made.last().unwrap(), "c1 < reply");

    things.fail("declared".into()).await.unwrap_err();
    let failed = diary.take();
    assert!(failed.contains(&"contract < THING_NOT_FOUND".to_owned()), "{failed:?}");
    assert!(failed.contains(&"c1 < THING_NOT_FOUND".to_owned()), "{failed:?}");
    assert!(!failed.iter().any(|line| line.starts_with("one ") || line.starts_with("c2 ")));

    let items: Vec<_> = things.count_to(3, String::new()).collect().await;
    assert_eq!(items.len(), 3);
    let streamed = diary.take();
    assert!(streamed.contains(&"contract < stream".to_owned()), "{streamed:?}");
    assert!(streamed.contains(&"c1 < stream".to_owned()), "{streamed:?}");

    client.emit(ThingScrapped { thing_id: "t".into() }).await.unwrap();
    sleep(SECOND).await;
    let emitted = diary.take();
    let expected = [
        "c1 > workshop/thingScrapped Producer",
        "c1 < accepted",
        "s1 > workshop/thingScrapped Consumer",
        "s2 > workshop/thingScrapped Consumer",
        "contract > workshop/thingScrapped Consumer",
        "other > workshop/thingScrapped Consumer",
        "other < accepted",
        "contract < accepted",
        "s2 < accepted",
        "s1 < accepted",
    ];
    assert_eq!(emitted, expected);

    let mut scrapped = client.subscribe::<ThingScrapped>().await.unwrap();
    server.broadcast(ThingScrapped { thing_id: "u".into() }).await.unwrap();
    assert_eq!(scrapped.next().await.unwrap().thing_id, "u");
    let received = diary.take();
    assert!(received.contains(&"other > workshop/thingScrapped Producer".to_owned()));
    assert!(received.contains(&"c1 > workshop/thingScrapped Consumer".to_owned()), "{received:?}");
}

#[tokio::test]
async fn it_may_answer_by_itself() {
    let (client, seen) = in_process(|contract| {
        contract
            .middleware_for_request::<workshop::requests::MakeThing>(from_fn(
                |_: Message, _: Next| async {
                    Err(Failure::Declared(AnyError::new(WorkshopError::Closed)))
                },
            ))
            .middleware_for_request::<workshop::requests::WaitForIt>(from_fn(
                |_: Message, _: Next| async { Ok(Outcome::Reply(Body::new(42_u32))) },
            ))
            .middleware_for_request::<workshop::requests::Fail>(from_fn(
                |_: Message, _: Next| async {
                    Err(Fault::new(FaultKind::Forbidden, "not today").into())
                },
            ))
            .middleware_for_request::<workshop::requests::CountTo>(from_fn(
                |_: Message, _: Next| async {
                    let items = [1_u32, 2].map(|item| Ok(Body::new(item)));
                    Ok(Outcome::Stream(futures_util::stream::iter(items).boxed()))
                },
            ))
    });
    let refused = client.make_thing("t".into(), Vec::new()).await;
    assert_eq!(refused.unwrap_err(), Failure::Declared(WorkshopError::Closed));
    assert_eq!(client.wait_for_it().await.unwrap(), 42);
    let refused = fault(client.fail("declared".into()).await);
    assert_eq!((refused.kind(), refused.message()), (FaultKind::Forbidden, "not today"));
    let items: Vec<_> = client.count_to(9, String::new()).map(Result::unwrap).collect().await;
    assert_eq!(items, [1, 2]);
    assert_eq!(seen.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn it_may_read_and_change_what_passes() {
    for way in ["typed", "json"] {
        let (wire, seen) = (Wire::default(), Diary::default());
        let noted = seen.clone();
        let change = from_fn(move |mut message: Message, next: Next| {
            let noted = noted.clone();
            async move {
                let request = message.body().decode_shared::<workshop::requests::MakeThing>();
                let mut request = request.unwrap().as_ref().clone();
                noted.note(request.thing_id.clone());
                request.thing_id.push_str("-changed");
                message.set_body(Body::new(request));
                match next.run(message).await? {
                    Outcome::Reply(body) => {
                        let mut thing: workshop::Thing = body.decode().unwrap();
                        thing.stage = Stage::Done;
                        Ok(Outcome::Reply(Body::new(thing)))
                    }
                    other => Ok(other),
                }
            }
        });
        let add = from_fn(|mut message: Message, next: Next| {
            message.context_mut().set_metadata("color", "red");
            next.run(message)
        });
        let changed = |contract: magicbutton::ServedContract| {
            contract.middleware_for_request::<workshop::requests::MakeThing>(change)
        };
        let (client, _server): (workshop::Client, _) = if way == "typed" {
            (in_process(changed).0, None)
        } else {
            let (server, _) = serving(&wire, |server| server, changed).await;
            let client = Client::builder().transport(wire.clone()).middleware(add);
            (client.connect("wire://bench").await.unwrap().typed().unwrap(), Some(server))
        };
        let thing = client.make_thing("t".into(), Vec::new()).await.unwrap();
        assert_eq!((thing.thing_id.as_str(), thing.stage), ("t-changed", Stage::Done));
        assert_eq!(seen.take(), ["t"]);
        if way == "json" {
            assert_eq!(client.look_around().await.unwrap()[4], "red");
        }
    }
}

#[tokio::test]
async fn it_may_pass_a_message_on_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let again = from_fn(move |mut message: Message, next: Next| {
        let tries = Arc::clone(&counted);
        async move {
            loop {
                let copy = message.copy();
                let handled = next.clone().run(copy).await;
                if tries.fetch_add(1, Ordering::SeqCst) == 2 {
                    return handled;
                }
            }
        }
    });
    let (client, _) = in_process(|contract| {
        contract.middleware_for_request::<workshop::requests::MakeThing>(again)
    });
    let mut made = client.subscribe::<ThingMade>().await.unwrap();
    client.make_thing("t".into(), Vec::new()).await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    for _ in 0..3 {
        assert_eq!(made.next().await.unwrap().thing_id, "t");
    }
    assert!(made.next().now_or_never().is_none());
}

#[tokio::test]
async fn its_panics_fail_one_message() {
    struct PanicsAsItGoes;
    impl Drop for PanicsAsItGoes {
        fn drop(&mut self) {
            panic!("{SECRET}");
        }
    }
    let panics = from_fn(|message: Message, next: Next| async move {
        let how = match message.body().decode_shared::<workshop::requests::Fail>() {
            Ok(request) => request.how.clone(),
            Err(_) => return next.run(message).await,
        };
        match how.as_str() {
            "before" => panic!("{SECRET}"),
            "after" => {
                let _ = next.run(message).await;
                panic!("{SECRET}")
            }
            "dropped" => {
                let _bomb = PanicsAsItGoes;
                std::future::pending().await
            }
            "wrong" => Ok(Outcome::Accepted),
            "io" => Err(Fault::internal(std::io::Error::other(SECRET)).into()),
            _ => next.run(message).await,
        }
    });
    let (client, _) = in_process(|contract| contract.middleware(panics));
    for how in ["before", "after", "wrong", "io"] {
        let fault = fault(client.fail(how.into()).await);
        assert_eq!(fault.kind(), FaultKind::Internal, "{how}");
        assert!(fault.id().is_some(), "{how}: the log has it under an id");
        assert!(!format!("{fault:?} {fault}").contains(SECRET), "{how}: {fault:?}");
        assert!(std::error::Error::source(&fault).is_none(), "{how}");
    }
    assert!(client.fail("dropped".into()).now_or_never().is_none());
    client.fail("not".into()).await.unwrap();
    assert_eq!(client.count_to(2, String::new()).count().await, 2);
}

#[tokio::test]
async fn a_panic_on_the_clients_side_fails_one_message_too() {
    let (server, _) = serving(&Wire::default(), |server| server, |contract| contract).await;
    drop(server);
    let wire = Wire::default();
    let (_server, _) = serving(&wire, |server| server, |contract| contract).await;
    let panics = from_fn(|message: Message, next: Next| async move {
        match message.name().as_str() {
            "workshop/fail" | "workshop/thingScrapped" => panic!("at home"),
            "workshop/countTo" => {
                let Ok(Outcome::Stream(items)) = next.run(message).await else { panic!("none") };
                let items = items.enumerate().map(|(at, item)| match at {
                    1 => panic!("in the middle"),
                    _ => item,
                });
                Ok(Outcome::Stream(items.boxed()))
            }
            _ => next.run(message).await,
        }
    });
    let client = Client::builder().transport(wire.clone()).middleware(panics);
    let client = client.connect("wire://bench").await.unwrap();
    let things: workshop::Client = client.typed().unwrap();
    assert_eq!(fault(things.fail(String::new()).await).kind(), FaultKind::Internal);
    let emitted = client.emit(ThingScrapped { thing_id: "t".into() }).await;
    assert_eq!(emitted.unwrap_err().kind(), FaultKind::Internal);
    let items: Vec<_> = things.count_to(5, String::new()).collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(*items[0].as_ref().unwrap(), 0);
    assert!(items[1].is_err());
    things.make_thing("t".into(), Vec::new()).await.unwrap();
}
