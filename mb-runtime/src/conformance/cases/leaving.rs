//! Clients that come and go, and how everybody hears of it.

use mb_core::{EndReason, FaultKind};
use tokio_stream::StreamExt;

use super::cases;
use crate::{
    ClientStatus, StartError,
    conformance::{
        Arena,
        check::{Outcome, fault, holds, refused, same, there},
        contract::probe::{Noted, Then},
        stage::{Stage, connecting, hold, serving, until},
    },
};

cases!("leaving":
    a_client_that_disconnects_is_forgotten,
    a_client_that_is_dropped_is_forgotten,
    what_a_leaving_client_had_under_way_is_dropped,
    a_subscription_ends_with_its_client,
    the_status_can_be_watched,
    a_second_server_on_an_endpoint_is_refused,
    an_endpoint_is_free_again_after_its_server,
);

async fn a_client_that_disconnects_is_forgotten(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (staying, leaving) = (stage.connect().await?, stage.connect().await?);
    same("the clients of the server", stage.server.clients().len(), 2)?;
    leaving.client().disconnect().await;
    leaving.client().disconnect().await;
    until(|| stage.server.clients().len() == 1).await;
    let told = fault(FaultKind::Unavailable, leaving.echo("late".into()).await)?;
    holds("nothing has run", !told.may_have_run())?;
    let left = ClientStatus::Disconnected(EndReason::ClientDisconnected);
    same("the status", leaving.client().status(), left)?;
    fault(FaultKind::Unavailable, leaving.hold_idempotent(1).await)?;
    let mut items = leaving.count_to(1, Then::End);
    fault(FaultKind::Unavailable, there("an item", items.next().await)?)?;
    refused(FaultKind::Unavailable, leaving.subscribe::<Noted>().await)?;
    let event = Noted { number: 1, text: String::new() };
    refused(FaultKind::Unavailable, leaving.emit(event).await)?;
    same("the other's echo", staying.echo("hello".into()).await?.as_str(), "hello")
}

async fn a_client_that_is_dropped_is_forgotten(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (staying, leaving) = (stage.connect().await?, stage.connect().await?);
    let clone = leaving.clone();
    drop(leaving);
    same("the clone's echo", clone.echo("hello".into()).await?.as_str(), "hello")?;
    same("the clients of the server", stage.server.clients().len(), 2)?;
    drop(clone);
    until(|| stage.server.clients().len() == 1).await;
    same("the other's echo", staying.echo("hello".into()).await?.as_str(), "hello")
}

async fn what_a_leaving_client_had_under_way_is_dropped(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let call = hold(&client, 1);
    let mut items = client.count_to(1, Then::Hang);
    same("the item", items.next().await, Some(Ok(0)))?;
    stage.log.until(|counts| counts.begun == 2).await;
    client.client().disconnect().await;
    until(|| stage.server.clients().is_empty()).await;
    // Within a process a call goes on with its caller, which has it in its own hands.
    if arena.traits().reconnects {
        fault(FaultKind::Unavailable, call.await?)?;
    } else {
        drop(call);
    }
    fault(FaultKind::Unavailable, there("an item", items.next().await)?)?;
    drop(items);
    let counts = stage.log.until(|counts| counts.dropped == 2).await;
    same("handlers that came to their end", counts.finished, 0)
}

async fn a_subscription_ends_with_its_client(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<Noted>().await?;
    client.announce(1, "last".into()).await?;
    client.client().disconnect().await;
    // What was there before the end is still read.
    same("the event", there("an event", events.next().await)?.text.as_str(), "last")?;
    holds("there is no further event", events.next().await.is_none())?;
    same("the end", events.end_reason(), Some(EndReason::ClientDisconnected))
}

async fn the_status_can_be_watched(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = connecting(arena).connect(stage.dial()).await?;
    let mut watched = client.watch_status();
    let mut changes = client.status_changes();
    same("the status", client.status(), ClientStatus::Connected)?;
    same("the first status", changes.next().await, Some(ClientStatus::Connected))?;
    same("the watched status", *watched.borrow_and_update(), ClientStatus::Connected)?;
    client.disconnect().await;
    let left = ClientStatus::Disconnected(EndReason::ClientDisconnected);
    watched.changed().await?;
    same("the watched status", *watched.borrow(), left)?;
    same("the next status", changes.next().await, Some(left))?;
    drop((client, watched));
    same("the status after the last", changes.next().await, None)
}

async fn a_second_server_on_an_endpoint_is_refused(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let second = serving(arena, &stage.log).bind(&stage.at).start().await;
    let refused = matches!(second, Err(StartError::Bind(mb_core::BindError::InUse { .. })));
    holds(format_args!("the bind is refused as in use: {second:?}"), refused)?;
    drop(second);
    same("the echo", client.echo("after".into()).await?.as_str(), "after")?;
    stage.connect().await.map(drop)
}

async fn an_endpoint_is_free_again_after_its_server(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    stage.server.stop().await?;
    let again = stage.reopen().await?;
    let other = again.connect().await?;
    same("the echo", other.echo("hello".into()).await?.as_str(), "hello")?;
    drop(client);
    // Also where the first one was dropped without a stop.
    drop((other, stage));
    let at = again.at.clone();
    let log = std::sync::Arc::clone(&again.log);
    drop(again.server);
    let mut third = serving(arena, &log).bind(&at).start().await;
    // A dropped server lets go as soon as its runtime gets to it, and tells nobody.
    while third.is_err() {
        tokio::task::yield_now().await;
        third = serving(arena, &log).bind(&at).start().await;
    }
    let client = connecting(arena).connect(arena.dial(&at)).await?;
    same("the server's id", client.server_id().as_deref(), Some("stage"))
}
