//! What surrounds a message, and how it passes from one to the next.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{ThingMade, WAYS, bench, named, workshop};
use magicbutton::{Actor, Auth, Client, Context, Reply, Server, contract};
use tokio::time::Instant;

#[tokio::test]
async fn a_handler_knows_who_calls() {
    for way in WAYS {
        let name = named("who", way);
        let bench = bench(&name, way).await;
        let client = Client::builder()
            .id("web-7")
            .kind("browser")
            .capability("push")
            .capability("dark-mode")
            .metadata("region", "eu")
            .connect(format!("memory://{name}{way}"))
            .await
            .unwrap();
        assert_eq!((client.id(), client.server_id().as_deref()), ("web-7", Some(&*name)));
        let listed = bench.server.clients();
        assert_eq!(listed.len(), 2);
        assert_eq!((listed[1].client_id.as_str(), listed[1].kind.as_str()), ("web-7", "browser"));
        let client: workshop::Client = client.typed().unwrap();
        // What a client writes about its source is not believed.
        let cx = Context::new()
            .with_metadata("color", "red")
            .with_target("somebody")
            .with_auth(Auth {
                token: Some("token-1".into()),
                actor: Some(Actor { id: "root".into(), ..Actor::default() }),
            })
            .with_trace_id("0123456789abcdef0123456789abcdef")
            .with_id("call-1");
        let seen = client.look_around().context(cx).await.unwrap();
        assert_eq!(
            seen,
            [
                "web-7",
                "browser",
                "push+dark-mode",
                "eu",
                "red",
                "0123456789abcdef0123456789abcdef",
                "call-1",
                "token-1",
                "-",
                "somebody"
            ]
        );
        // A client that gave no id has one of the server's.
        let anonymous = bench.client.look_around().await.unwrap();
        assert!(anonymous[0].starts_with("anonymous-"), "{anonymous:?}");
    }
}

#[tokio::test]
async fn both_sides_see_the_same_lazy_ids_within_a_process() {
    let bench = bench("lazy", "").await;
    let cx = Context::new();
    let seen = bench.client.look_around().context(cx.clone()).await.unwrap();
    assert_eq!(seen[5], cx.trace_id());
    assert_eq!(seen[6], cx.id());
    assert_eq!(cx.trace_id().len(), 32);
    assert_eq!(cx.span_id().len(), 16);
    assert_eq!(cx.clone().span_id(), cx.span_id());
    assert_ne!(Context::new().trace_id(), cx.trace_id());
    assert_ne!(Context::new().id(), Context::new().id());
}

contract!(
    /// Asks another service.
    #[contract(version = "1.0.0")]
    mod relay {
        #[request]
        async fn relay(how: String) -> Vec<Vec<String>>;

        #[request]
        async fn remaining() -> Option<u64>;
    }
);

/// A service that calls a workshop.
struct Relay(workshop::Client);

impl relay::Service for Relay {
    async fn relay(&self, cx: &Context, how: String) -> Reply<Vec<Vec<String>>> {
        let mut seen = vec![vec![
            cx.trace_id().to_owned(),
            cx.token().unwrap_or("-").to_owned(),
            cx.span_id().to_owned(),
        ]];
        match how.as_str() {
            "inherited" => {
                // Twice: both belong to one trace.
                seen.push(self.0.look_around().await?);
                tokio::task::yield_now().await;
                seen.push(self.0.look_around().await?);
            }
            "spawned" => {
                // A task of its own has to be told.
                let (client, cx) = (self.0.clone(), cx.clone());
                let told = async move { client.look_around().context(&cx).await };
                seen.push(tokio::spawn(told).await.map_err(magicbutton::Fault::internal)??);
            }
            "forwarded" => seen.push(self.0.look_around().context(cx.clone()).await?),
            "for somebody" => {
                let auth = Auth { token: cx.token().map(str::to_owned), actor: None };
                let cx = cx.child().with_auth(auth);
                seen.push(self.0.look_around().context(cx).await?);
            }
            _ => {
                self.0.wait_for_it().await?;
            }
        }
        Ok(seen)
    }

    async fn remaining(&self, cx: &Context) -> Reply<Option<u64>> {
        Ok(cx.remaining().map(|left| u64::try_from(left.as_millis()).unwrap()))
    }
}

async fn relay(name: &str, way: &str) -> (common::Bench, Server, relay::Client) {
    let bench = bench(name, way).await;
    let server = Server::builder()
        .serve(relay::serve(Relay(bench.client.clone())))
        .bind(format!("memory://{name}-relay"))
        .start()
        .await
        .unwrap();
    let client = relay::Client::connect(format!("memory://{name}-relay{way}")).await.unwrap();
    (bench, server, client)
}

#[tokio::test]
async fn a_call_made_in_a_handler_inherits_the_trace_and_never_the_identity() {
    for way in WAYS {
        let (_bench, _server, client) = relay(&named("inherits", way), way).await;
        let cx = || {
            let auth = Auth { token: Some("secret".into()), actor: None };
            Context::new().with_auth(auth).with_metadata("color", "red")
        };
        for how in ["inherited", "spawned", "forwarded"] {
            let seen = client.relay(how.into()).context(cx()).await.unwrap();
            assert_eq!(seen[0][1], "secret");
            for inner in &seen[1..] {
                assert_eq!(inner[5], seen[0][0], "{how}: one trace");
                assert_eq!(inner[7], "-", "{how}: no identity");
                assert_eq!(inner[4], "-", "{how}: no metadata");
            }
        }
        let seen = client.relay("for somebody".into()).context(cx()).await.unwrap();
        assert_eq!(seen[1][7], "secret", "the code said so");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_made_in_a_handler_has_what_is_left_of_the_deadline() {
    for way in WAYS {
        let (bench, _server, client) = relay(&named("deadline", way), way).await;
        assert_eq!(client.remaining().await, Ok(None));
        let call = client.remaining().timeout(Duration::from_millis(1500));
        assert_eq!(call.await, Ok(Some(1500)));

        // The inner call has no limit of its own, and ends with the outer one.
        let start = Instant::now();
        let failure =
            client.relay("wait".into()).timeout(Duration::from_secs(2)).await.unwrap_err();
        assert_eq!(failure.code(), "TIMEOUT");
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        bench.seen.until(&bench.seen.dropped, 1).await;

        // A deadline that has passed is no call at all.
        let cx = Context::new().with_deadline(Instant::now());
        let failure = client.remaining().context(cx).await.unwrap_err();
        assert_eq!(failure.code(), "TIMEOUT");
    }
}

#[tokio::test]
async fn an_event_belongs_to_the_trace_that_caused_it() {
    for way in WAYS {
        let bench = bench(&named("event-trace", way), way).await;
        let mut made = bench.client.subscribe::<ThingMade>().await.unwrap();
        let cx = Context::new();
        bench.client.make_thing("t".into(), vec![]).context(cx.clone()).await.unwrap();
        let event = made.next().await.unwrap();
        if way.is_empty() {
            assert_eq!(event.context().trace_id(), cx.trace_id());
            assert_eq!(event.context().parent_span_id(), Some(cx.span_id()));
        } else {
            // The caller had not read its ids: they were made on the server.
            assert_eq!(event.context().trace_id().len(), 32);
            assert_eq!(event.context().parent_span_id().map(str::len), Some(16));
        }
    }
}

#[test]
fn a_context_shows_no_token() {
    let auth = Auth { token: Some("swordfish".into()), actor: None };
    let cx = Context::new().with_auth(auth).with_id("call-1");
    assert!(format!("{cx:?}").contains("call-1"));
    assert!(!format!("{cx:?}").contains("swordfish"));
}

#[tokio::test]
async fn outside_a_handler_there_is_no_current_message_and_nothing_to_broadcast_on() {
    assert!(Context::current().is_none());
    assert!(Context::new().caller().is_none());
    let event = ThingMade { thing_id: "t".into(), stage: common::Stage::Done };
    let fault = Context::new().broadcast(event).await.unwrap_err();
    assert_eq!(
        fault.message(),
        "this context belongs to no running server: use the one that a handler is given"
    );
}
