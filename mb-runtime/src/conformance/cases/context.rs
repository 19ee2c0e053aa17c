//! What surrounds a message on its way, and what of it is believed.

use std::time::Duration;

use mb_core::{Actor, Auth, Context, FaultKind};
use tokio::time::Instant;

use super::cases;
use crate::conformance::{
    Arena,
    check::{Outcome, fault, holds, owed, same, there},
    contract::probe::Noted,
    stage::Stage,
};

const TRACE: &str = "0123456789abcdef0123456789abcdef";

cases!("context":
    what_a_caller_says_arrives,
    what_a_caller_says_of_itself_is_not_believed,
    a_deadline_arrives_as_time_left,
    calls_over_a_network_are_timed,
    a_deadline_that_has_passed_is_no_call,
    an_event_belongs_to_the_trace_that_caused_it,
    an_event_says_which_server_announced_it,
);

async fn what_a_caller_says_arrives(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let cx = Context::new()
        .with_metadata("color", "rot ü")
        .with_target("somebody")
        .with_auth(Auth { token: Some("token-1".into()), actor: None })
        .with_trace_id(TRACE)
        .with_id("call-1");
    let seen = client.look_around().context(cx).await?;
    same("the metadata", seen.color.as_deref(), Some("rot ü"))?;
    same("the target", seen.target.as_deref(), Some("somebody"))?;
    same("the token", seen.token.as_deref(), Some("token-1"))?;
    same("the trace", seen.trace_id.as_str(), TRACE)?;
    same("the id", seen.id.as_str(), "call-1")?;
    // And nothing of it stays for the next call.
    let seen = client.look_around().await?;
    same("the next call's metadata", seen.color, None)?;
    same("the next call's token", seen.token, None)?;
    holds("the next call has another trace", seen.trace_id != TRACE)?;
    holds("and ids of its own", seen.trace_id.len() == 32 && !seen.id.is_empty())
}

async fn what_a_caller_says_of_itself_is_not_believed(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage
        .connect_with(|client| {
            client
                .id("web-7")
                .kind("browser")
                .capability("push")
                .capability("dark-mode")
                .metadata("region", "eu")
        })
        .await?;
    same("the client's id", client.client().id(), "web-7")?;
    let clients = stage.server.clients();
    let listed = there("a client", clients.first())?;
    same("the id that the server lists", listed.client_id.as_str(), "web-7")?;
    same("the kind that it lists", listed.kind.as_str(), "browser")?;
    let actor = Actor { id: "root".into(), roles: vec!["admin".into()], ..Actor::default() };
    let auth = Auth { token: None, actor: Some(actor) };
    let cx = Context::new().with_source("somebody-else").with_auth(auth);
    let seen = client.look_around().context(cx).await?;
    same("the source", seen.source.as_deref(), Some("web-7"))?;
    same("the actor", seen.actor, None)?;
    same("the kind", seen.kind.as_deref(), Some("browser"))?;
    same("the capabilities", seen.capabilities, ["push", "dark-mode"])?;
    same("the client's own metadata", seen.region.as_deref(), Some("eu"))
}

async fn a_deadline_arrives_as_time_left(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let seen = client.look_around().timeout(Duration::from_secs(7)).await?;
    let left = there("time left", seen.remaining_ms)?;
    holds(format_args!("{left} ms are left of 7 s"), (1..=7_000).contains(&left))?;
    // A deadline of the context counts too: the earlier one.
    let cx = Context::new().with_deadline(Instant::now() + Duration::from_secs(5));
    let seen = client.look_around().context(cx).timeout(Duration::from_secs(60)).await?;
    let left = there("time left", seen.remaining_ms)?;
    holds(format_args!("{left} ms are left of 5 s"), (1..=5_000).contains(&left))
}

async fn calls_over_a_network_are_timed(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().times_calls, "within a process a call takes as long as it takes")?;
    let stage = Stage::open(arena).await?;
    let seen = stage.connect().await?.look_around().await?;
    let left = there("time left", seen.remaining_ms)?;
    holds(format_args!("{left} ms are left of 30 s"), (1..=30_000).contains(&left))
}

async fn a_deadline_that_has_passed_is_no_call(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let cx = Context::new().with_deadline(Instant::now());
    fault(FaultKind::Timeout, client.hold(1).context(cx).await)?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")?;
    same("handlers that have begun", stage.log.now().begun, 0)
}

async fn an_event_belongs_to_the_trace_that_caused_it(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut noted = client.subscribe::<Noted>().await?;
    let cx = Context::new().with_trace_id(TRACE);
    client.announce(1, "traced".into()).context(cx).await?;
    let event = there("an event", noted.next().await)?;
    same("the trace", event.context().trace_id(), TRACE)?;
    holds("it names the span that caused it", event.context().parent_span_id().is_some())
}

async fn an_event_says_which_server_announced_it(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut noted = client.subscribe::<Noted>().await?;
    stage.server.broadcast(Noted { number: 1, text: String::new() }).await?;
    let event = there("an event", noted.next().await)?;
    same("the source", event.context().source(), Some("stage"))
}
