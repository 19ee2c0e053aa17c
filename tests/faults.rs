//! What goes wrong, and what the caller is told: always a clear typed error, never an internal.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::{sync::atomic::Ordering, time::Duration};

use common::{WAYS, bench, connect, named, workshop};
use magicbutton::{
    Body, Context, DeclaredError, Failure, Fault, FaultKind, Reply, Server, contract,
};
use tokio::time::Instant;

fn fault<T: std::fmt::Debug, E: std::fmt::Debug>(reply: Reply<T, E>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("expected a fault: {other:?}"),
    }
}

#[tokio::test]
async fn an_unknown_request_says_so() {
    for way in WAYS {
        let bench = bench(&named("unknown", way), way).await;
        let body = Body::new(serde_json::json!({}));
        let reply = bench.client.client().call_raw("workshop/fly", body).await;
        let fault = fault(reply);
        assert_eq!(fault.kind(), FaultKind::UnknownRequest);
        assert_eq!((fault.code(), fault.status().as_u16()), ("UNKNOWN_REQUEST_TYPE", 404));
        let expected =
            "unknown request `workshop/fly`: no contract served here has it (there is workshop)";
        assert_eq!(fault.message(), expected);
    }
}

#[tokio::test]
async fn a_payload_of_the_wrong_shape_names_the_field() {
    let bench = bench("misshapen", "").await;
    let tags = serde_json::json!([{ "key": "a", "value": 1 }, { "key": "b", "value": "two" }]);
    for (payload, path, reason) in [
        (serde_json::json!({ "thingId": 5, "tags": [] }), "thingId", "invalid type: integer `5`"),
        (serde_json::json!({ "thingId": "t", "tags": tags }), "tags[1].value", "expected u32"),
        (serde_json::json!({ "tags": [] }), "", "missing field `thingId`"),
        (serde_json::json!(null), "", "invalid type: null"),
    ] {
        let body = Body::new(payload);
        let fault = fault(bench.client.client().call_raw("makeThing", body).await);
        assert_eq!(fault.kind(), FaultKind::ValidationFailed, "{fault}");
        assert!(fault.message().contains("workshop/makeThing"), "{fault}");
        assert!(fault.message().contains(reason), "{fault}");
        assert_eq!(fault.details().unwrap()["violations"][0]["path"], path);
        assert!(!fault.is_retryable());
    }
}

#[tokio::test]
async fn bytes_that_are_no_payload_are_refused() {
    let bench = bench("no-json", "").await;
    for bytes in [&b""[..], b"{", b"\xff\xfe", b"[1,2", b"{\"thingId\":\"t\",\"tags\":[]}x"] {
        let body = Body::encoded(magicbutton::Codec::JSON, bytes);
        let fault = fault(bench.client.client().call_raw("makeThing", body).await);
        assert_eq!(fault.kind(), FaultKind::ValidationFailed, "{bytes:?}: {fault}");
    }
}

#[tokio::test]
async fn a_panic_becomes_a_fault_and_the_next_call_works() {
    for way in WAYS {
        let bench = bench(&named("panic", way), way).await;
        let fault = fault(bench.client.fail("panic".into()).await);
        assert_eq!(fault.kind(), FaultKind::Internal);
        assert!(!format!("{fault:?}").contains("swordfish"), "{fault:?}");
        assert!(bench.client.make_thing("t".into(), vec![]).await.is_ok());
    }
}

#[tokio::test]
async fn internals_stay_on_the_server_and_the_caller_gets_an_id() {
    for way in WAYS {
        let bench = bench(&named("internal", way), way).await;
        let fault = fault(bench.client.fail("io".into()).await);
        assert_eq!((fault.code(), fault.status().as_u16()), ("INTERNAL_SERVER_ERROR", 500));
        assert!(!format!("{fault:?}").contains("swordfish"), "{fault:?}");
        assert!(std::error::Error::source(&fault).is_none());
        let id = fault.details().unwrap()["id"].as_str().unwrap();
        assert!(fault.message().contains(id), "{fault}");
    }
}

#[tokio::test]
async fn other_faults_travel_without_their_source() {
    for way in WAYS {
        let bench = bench(&named("unavailable", way), way).await;
        let fault = fault(bench.client.fail("unavailable".into()).await);
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert_eq!(fault.message(), "come back later");
        assert!(fault.is_retryable());
        assert!(!format!("{fault:?}").contains("swordfish"), "{fault:?}");
    }
}

/// A service that passes on whatever a workshop answers.
struct Relay(workshop::Client);

impl newer::workshop::Service for Relay {
    async fn make_thing(
        &self,
        _: &Context,
        _: String,
    ) -> Reply<newer::workshop::Thing, newer::workshop::WorkshopError> {
        self.0.wait_for_it().timeout(Duration::from_secs(1)).await.map_err(Failure::into_fault)?;
        Err(Fault::unavailable("never here"))?
    }

    async fn fail(&self, _: &Context, how: String) -> Reply<(), newer::workshop::WorkshopError> {
        self.0.fail(how).await.map_err(Failure::into_fault)?;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_service_says_is_not_what_this_one_says() {
    for way in WAYS {
        let bench = bench(&named("upstream", way), way).await;
        let relay = newer::workshop::Client::in_process(Relay(bench.client.clone()));
        // Its declared errors, its internals, its opinion of our request: none of our caller's business.
        for how in ["declared", "panic", "io"] {
            let fault = fault(relay.fail(how.into()).await);
            assert_eq!(fault.kind(), FaultKind::Internal, "{how}");
            assert!(!format!("{fault:?}").contains("thing"), "{fault:?}");
        }
        // That it is slow or away is worth knowing, but our handler may have done things before.
        let away = fault(relay.fail("unavailable".into()).await);
        assert_eq!(away.kind(), FaultKind::Unavailable);
        assert_eq!(away.message(), "a service that this call needs is unavailable");
        assert!(!away.is_retryable());
        let slow = fault(relay.make_thing("t".into()).await);
        assert_eq!(slow.kind(), FaultKind::Timeout);
        assert_eq!(slow.message(), "a call that this one needs was not answered in time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_times_out_and_drops_its_handler() {
    for way in WAYS {
        let bench = bench(&named("timeout", way), way).await;
        let start = Instant::now();
        let call = bench.client.wait_for_it().timeout(Duration::from_secs(2));
        let fault = fault(call.await);
        assert_eq!(fault.kind(), FaultKind::Timeout);
        assert!(fault.message().starts_with("workshop/waitForIt was not answered in time"));
        assert!(!fault.is_retryable(), "the handler may have run");
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert_eq!(bench.seen.begun.load(Ordering::SeqCst), 1);
        assert_eq!(bench.seen.dropped.load(Ordering::SeqCst), 1);
        assert_eq!(bench.seen.finished.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_may_limit_every_call() {
    let bench = bench("default-timeout", "").await;
    let client = magicbutton::Client::builder()
        .request_timeout(Duration::from_millis(300))
        .connect("memory://default-timeout")
        .await
        .unwrap();
    let client: workshop::Client = client.typed().unwrap();
    let start = Instant::now();
    assert_eq!(fault(client.wait_for_it().await).kind(), FaultKind::Timeout);
    assert_eq!(start.elapsed(), Duration::from_millis(300));
    // The call's own limit counts where it has one.
    let start = Instant::now();
    let call = client.wait_for_it().timeout(Duration::from_secs(1));
    assert_eq!(fault(call.await).kind(), FaultKind::Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    drop(bench);
}

#[tokio::test]
async fn a_dropped_call_drops_its_handler() {
    for way in WAYS {
        let bench = bench(&named("dropped", way), way).await;
        let mut call = Box::pin(bench.client.wait_for_it());
        assert!(futures_util::poll!(&mut call).is_pending());
        assert_eq!(bench.seen.begun.load(Ordering::SeqCst), 1);
        assert_eq!(bench.seen.dropped.load(Ordering::SeqCst), 0);
        drop(call);
        assert_eq!(bench.seen.dropped.load(Ordering::SeqCst), 1);
        assert_eq!(bench.seen.finished.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_detached_request_runs_to_its_end_whoever_has_left() {
    for way in WAYS {
        let bench = bench(&named("detached", way), way).await;
        let mut call = Box::pin(bench.client.wait_detached());
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        assert_eq!(bench.seen.dropped.load(Ordering::SeqCst), 0);
        bench.seen.go_on.notify_one();
        bench.seen.until(&bench.seen.dropped, 1).await;
        assert_eq!(bench.seen.finished.load(Ordering::SeqCst), 1);

        // And it answers a caller that stays.
        bench.seen.go_on.notify_one();
        assert_eq!(bench.client.wait_detached().await, Ok(7));
    }
}

#[tokio::test]
async fn a_call_never_sent_runs_nothing() {
    let bench = bench("unsent", "").await;
    drop(bench.client.wait_for_it());
    drop(bench.client.wait_detached());
    assert_eq!(bench.seen.begun.load(Ordering::SeqCst), 0);
}

/// The workshop as a newer server knows it: more errors, other shapes.
mod newer {
    use super::*;

    contract!(
        #[contract(version = "1.9.0")]
        pub mod workshop {
            enum Stage {
                Planned,
                InProgress,
                Done,
                Sold,
            }

            struct Thing {
                thing_id: String,
                stage: Stage,
                price: u32,
            }

            #[error]
            enum WorkshopError {
                #[error(status = 418, message = "{thing_id} is a teapot", retryable)]
                IsTeapot { thing_id: String },
                #[error(status = 404, message = "no {thing_id}")]
                ThingNotFound { thing_id: u64 },
            }

            #[request]
            async fn make_thing(thing_id: String) -> Result<Thing, WorkshopError>;
            #[request]
            async fn fail(how: String) -> Result<(), WorkshopError>;
        }
    );

    pub(super) struct Newer;

    impl workshop::Service for Newer {
        async fn make_thing(
            &self,
            _: &Context,
            thing_id: String,
        ) -> Reply<workshop::Thing, workshop::WorkshopError> {
            let stage =
                if thing_id == "sold" { workshop::Stage::Sold } else { workshop::Stage::Done };
            Ok(workshop::Thing { thing_id, stage, price: 5 })
        }

        async fn fail(&self, _: &Context, how: String) -> Reply<(), workshop::WorkshopError> {
            Err(match how.as_str() {
                "new" => workshop::WorkshopError::IsTeapot { thing_id: "t-1".into() },
                _ => workshop::WorkshopError::ThingNotFound { thing_id: 1 },
            })?
        }
    }
}

#[tokio::test]
async fn a_newer_server_never_breaks_an_older_client() {
    for way in WAYS {
        let name = named("newer", way);
        let _server = Server::builder()
            .serve(newer::workshop::serve(newer::Newer))
            .bind(format!("memory://{name}"))
            .start()
            .await
            .unwrap();
        let client = connect(&name, way).await;

        // What both know is understood, across two Rust types.
        let thing = client.make_thing("t-1".into(), vec![]).await.unwrap();
        assert_eq!((thing.thing_id.as_str(), thing.stage), ("t-1", common::Stage::Done));

        // A code that only the server knows arrives as a fault that carries it whole.
        let unknown = fault(client.fail("new".into()).await);
        assert_eq!(unknown.kind(), FaultKind::Undeclared);
        assert_eq!((unknown.code(), unknown.status().as_u16()), ("IS_TEAPOT", 418));
        assert_eq!(unknown.message(), "t-1 is a teapot");
        assert_eq!(unknown.details(), Some(&serde_json::json!({ "thingId": "t-1" })));
        assert!(unknown.is_retryable());

        // A known code whose details are not as declared is no declared error either.
        let misshapen = fault(client.fail("old".into()).await);
        assert_eq!(misshapen.kind(), FaultKind::ContractMismatch);
        assert_eq!(misshapen.details().unwrap()["code"], "THING_NOT_FOUND");
        assert_eq!(misshapen.details().unwrap()["details"]["thingId"], 1);

        // So is a reply: never a success that is not one.
        let misshapen = fault(client.make_thing("sold".into(), vec![]).await);
        assert_eq!(misshapen.kind(), FaultKind::ContractMismatch);
        assert_eq!(misshapen.details().unwrap()["violations"][0]["path"], "stage");
    }
}

#[test]
fn the_errors_of_a_contract_are_listed() {
    let codes: Vec<_> = workshop::Error::VARIANTS.iter().map(|e| e.code).collect();
    assert_eq!(codes, ["THING_NOT_FOUND", "BAD_STAGE", "CLOSED"]);
    let first = &workshop::CONTRACT.errors[0];
    assert_eq!(
        (first.message, first.docs),
        ("thing {thing_id} not found", "Nobody knows the thing.")
    );
}

#[test]
fn a_failure_stays_small() {
    assert_eq!(size_of::<Fault>(), size_of::<usize>());
    assert!(size_of::<Failure<common::WorkshopError>>() <= 32);
}
