//! What a call does: typed, by name, as a value from a log; over typed memory and through the codec.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{Stage, Tag, WAYS, Workshop, WorkshopError, bench, named, workshop};
use magicbutton::{AnyRequest, Body, Context, Failure, FaultKind, Reply, Server, contract};

#[tokio::test]
async fn a_call_is_answered() {
    for way in WAYS {
        let bench = bench(&named("answered", way), way).await;
        let tags = vec![Tag { key: "size".into(), value: 3 }];
        let thing = bench.client.make_thing("t-1".into(), tags.clone()).await.unwrap();
        assert_eq!(thing.thing_id, "t-1");
        assert_eq!(thing.stage, Stage::Planned);
        assert_eq!(thing.tags, tags);
    }
}

#[tokio::test]
async fn a_service_can_be_called_in_process_without_a_server() {
    let client = workshop::Client::in_process(Workshop::default());
    let mut made = client.subscribe::<common::ThingMade>().await.unwrap();
    client.make_thing("t-1".into(), vec![]).await.unwrap();
    assert_eq!(made.next().await.unwrap().thing_id, "t-1");
}

#[test]
fn a_service_can_be_called_in_process_without_a_runtime() {
    let client = workshop::Client::in_process(Workshop::default());
    let made = futures_util::FutureExt::now_or_never(client.make_thing("t-1".into(), vec![]));
    assert_eq!(made.unwrap().unwrap().thing_id, "t-1");
}

#[tokio::test]
async fn declared_errors_arrive_typed_with_their_fields() {
    for way in WAYS {
        let bench = bench(&named("declared", way), way).await;
        let failure = bench.client.fail("declared".into()).await.unwrap_err();
        let expected = WorkshopError::ThingNotFound { thing_id: "t-1".into() };
        assert_eq!(failure, Failure::Declared(expected));
        assert_eq!(failure.to_string(), "thing t-1 not found");
        assert_eq!((failure.code(), failure.status().as_u16()), ("THING_NOT_FOUND", 404));
        assert!(!failure.is_retryable());

        let failure = bench.client.fail("enums".into()).await.unwrap_err();
        assert_eq!(failure.to_string(), "cannot go from inProgress to planned");
        assert_eq!((failure.code(), failure.status().as_u16()), ("BAD_STAGE", 409));

        let failure = bench.client.fail("unit".into()).await.unwrap_err();
        assert_eq!(failure, Failure::Declared(WorkshopError::Closed));
        assert_eq!(failure.to_string(), "closed {for} today");
        assert!(failure.is_retryable());

        assert_eq!(bench.client.fail("not at all".into()).await, Ok(()));
    }
}

#[tokio::test]
async fn many_calls_at_once_get_each_its_own_answer() {
    let bench = bench("concurrent", "").await;
    let calls = (0..500).map(|number| bench.client.make_thing(format!("t-{number}"), vec![]));
    let things = futures_util::future::join_all(calls).await;
    for (number, thing) in things.into_iter().enumerate() {
        assert_eq!(thing.unwrap().thing_id, format!("t-{number}"));
    }
}

#[tokio::test]
async fn a_request_can_be_logged_and_sent_as_it_is() {
    for way in WAYS {
        let bench = bench(&named("replayed", way), way).await;
        let log = r#"{"requestType":"makeThing","payload":{"thingId":"t-9","tags":[]}}"#;
        let request: workshop::Request = serde_json::from_str(log).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), log);
        let sorted = r#"{"payload":{"tags":[],"thingId":"t-9"},"requestType":"makeThing"}"#;
        assert_eq!(serde_json::from_str::<workshop::Request>(sorted).unwrap(), request);
        let thing: common::Thing = bench.client.send(request).await.unwrap().decode().unwrap();
        assert_eq!(thing.thing_id, "t-9");

        let request = workshop::requests::Fail { how: "unit".into() };
        let failure = bench.client.send(request.into()).await.unwrap_err();
        let Failure::Declared(workshop::Error::WorkshopError(error)) = failure else {
            panic!("{failure:?}")
        };
        assert_eq!(error, WorkshopError::Closed);

        let request = workshop::requests::CountTo { limit: 3, then: String::new() };
        assert!(workshop::Request::from(request.clone()).descriptor().streamed);
        let failure = bench.client.send(request.clone().into()).await.unwrap_err();
        assert_eq!(failure.code(), "VALIDATION_FAILED");
        assert!(failure.to_string().contains("answered by a stream"), "{failure}");
        let mut items = bench.client.send_streamed(request.into());
        let first: u32 = items.next().await.unwrap().unwrap().decode().unwrap();
        assert_eq!(first, 0);
    }
}

#[tokio::test]
async fn a_tool_that_knows_no_contract_can_call_by_name() {
    for way in WAYS {
        let bench = bench(&named("by-name", way), way).await;
        let payload = serde_json::json!({ "thingId": "t-1", "tags": [] });
        for name in ["workshop/makeThing", "makeThing"] {
            let body = Body::new(payload.clone());
            let reply = bench.client.client().call_raw(name, body).await.unwrap();
            let thing: serde_json::Value = reply.decode().unwrap();
            assert_eq!(thing["thingId"], "t-1");
            assert_eq!(thing["stage"], "planned");
        }
        let body = Body::new(serde_json::json!({ "how": "declared" }));
        let failure = bench.client.client().call_raw("fail", body).await.unwrap_err();
        let Failure::Declared(error) = failure else { panic!("{failure:?}") };
        let error = error.to_wire();
        assert_eq!(error.code, "THING_NOT_FOUND");
        assert_eq!(error.details, Some(serde_json::json!({ "thingId": "t-1" })));
        assert_eq!((error.status, error.retryable), (Some(404), Some(false)));
        let body = Body::new(serde_json::json!({ "how": "panic" }));
        let failure = bench.client.client().call_raw("fail", body).await.unwrap_err();
        let Failure::Fault(fault) = failure else { panic!("{failure:?}") };
        assert_eq!(fault.kind(), FaultKind::Internal);
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod annex {
        #[request]
        async fn make_thing() -> u32;

        #[request(rename = "sweepUp")]
        async fn sweep() -> ();
    }
);

struct Annex;

impl annex::Service for Annex {
    async fn make_thing(&self, _: &Context) -> Reply<u32> {
        Ok(2)
    }

    async fn sweep(&self, _: &Context) -> Reply<()> {
        Ok(())
    }
}

#[tokio::test]
async fn several_contracts_share_a_server_and_a_connection() {
    let _server = Server::builder()
        .serve(workshop::serve(Workshop::default()))
        .serve(annex::serve(Annex))
        .bind("memory://two-contracts")
        .start()
        .await
        .unwrap();
    let client = magicbutton::Client::connect("memory://two-contracts").await.unwrap();
    let annex: annex::Client = client.typed().unwrap();
    let workshop: workshop::Client = client.typed().unwrap();
    assert_eq!(annex.make_thing().await, Ok(2));
    assert_eq!(annex.sweep().await, Ok(()));
    assert_eq!(workshop.make_thing("t".into(), vec![]).await.unwrap().thing_id, "t");

    // A bare name resolves while only one of them has it.
    let call = |name: &'static str| client.call_raw(name, Body::new(serde_json::json!({})));
    assert!(call("sweepUp").await.is_ok());
    let Err(Failure::Fault(fault)) = call("makeThing").await else { panic!() };
    assert_eq!(fault.kind(), FaultKind::UnknownRequest);
    assert_eq!(
        fault.message(),
        "unknown request `makeThing`: it may be workshop/makeThing or annex/makeThing: say which, \
         in full"
    );
}
