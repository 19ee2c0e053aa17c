//! Bounds: every one is enforced, told by a typed fault, and harms nobody else.

use std::{sync::Arc, task::Poll};

use futures_util::poll;
use mb_core::FaultKind;
use serde_json::{Value, json};

use super::cases;
use crate::{
    Received,
    conformance::{
        Arena,
        check::{Outcome, fault, holds, owed, refused, same, there},
        contract::probe::Noted,
        service::Log,
        stage::{Stage, connecting, hold, until},
    },
};

cases!("limits":
    a_reply_that_is_too_large_is_told_and_the_connection_lives_on,
    a_request_that_is_too_large_is_told_and_the_connection_lives_on,
    an_item_that_is_too_large_ends_its_stream,
    an_event_that_is_too_large_is_told,
    a_server_refuses_more_calls_than_it_takes,
    a_client_waits_with_more_calls_than_it_makes,
    a_server_refuses_more_subscriptions_than_it_takes,
    a_server_refuses_more_clients_than_it_takes,
);

const SMALL: usize = 64 * 1024;
const NO_BYTES: &str = "within a process no message takes memory that is not there already";
const NO_CALLS: &str = "within a process a call waits in its caller";

async fn a_reply_that_is_too_large_is_told_and_the_connection_lives_on(
    arena: &dyn Arena,
) -> Outcome {
    owed(arena.traits().bounds_messages, NO_BYTES)?;
    let stage = Stage::open(arena).await?;
    let client =
        stage.connect_with(|client| client.limits(|limits| limits.max_message = SMALL)).await?;
    let held = hold(&client, 1);
    let told = fault(FaultKind::PayloadTooLarge, client.weigh(100_000).await)?;
    let limit = told.details().and_then(|details| details.get("limit")).and_then(Value::as_u64);
    same("the limit in the details", limit, Some(SMALL as u64))?;
    same("a smaller reply", client.weigh(10_000).await?.len(), 10_000)?;
    stage.log.release(1);
    same("the answer to a call meanwhile", held.await?, Ok(1))?;
    same("the clients of the server", stage.server.clients().len(), 1)
}

async fn a_request_that_is_too_large_is_told_and_the_connection_lives_on(
    arena: &dyn Arena,
) -> Outcome {
    owed(arena.traits().bounds_messages, NO_BYTES)?;
    let stage = Stage::open_with(arena, |server| server.limits(|l| l.max_message = SMALL)).await?;
    let client = stage.connect().await?;
    let held = hold(&client, 1);
    let told = fault(FaultKind::PayloadTooLarge, client.echo("x".repeat(100_000)).await)?;
    let limit = told.details().and_then(|details| details.get("limit")).and_then(Value::as_u64);
    same("the limit in the details", limit, Some(SMALL as u64))?;
    holds("nothing has run", !told.may_have_run())?;
    same("a smaller echo", client.echo("y".repeat(10_000)).await?.len(), 10_000)?;
    stage.log.release(1);
    same("the answer to a call meanwhile", held.await?, Ok(1))?;
    same("the clients of the server", stage.server.clients().len(), 1)
}

async fn an_item_that_is_too_large_ends_its_stream(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().bounds_messages, NO_BYTES)?;
    let stage = Stage::open(arena).await?;
    let client =
        stage.connect_with(|client| client.limits(|limits| limits.max_message = SMALL)).await?;
    let mut items = client.weigh_each(vec![10, 100_000, 10]);
    same("the first item", there("an item", items.next().await)??.len(), 10)?;
    fault(FaultKind::PayloadTooLarge, there("an item", items.next().await)?)?;
    holds("that was the last item", items.next().await.is_none())?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn an_event_that_is_too_large_is_told(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().bounds_messages, NO_BYTES)?;
    let stage = Stage::open_with(arena, |server| server.limits(|l| l.max_message = SMALL)).await?;
    let client = stage.connect().await?;
    let event = Noted { number: 1, text: "x".repeat(100_000) };
    refused(FaultKind::PayloadTooLarge, client.emit(event).await)?;
    client.emit(Noted { number: 2, text: String::new() }).await?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn a_server_refuses_more_calls_than_it_takes(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().bounds_calls, NO_CALLS)?;
    let stage = Stage::open_with(arena, |server| server.limits(|l| l.in_flight = 2)).await?;
    let (client, other) = (stage.connect().await?, stage.connect().await?);
    let (first, second) = (hold(&client, 1), hold(&client, 2));
    stage.log.until(|counts| counts.begun == 2).await;
    let told = fault(FaultKind::RateLimitExceeded, client.hold(3).await)?;
    same("the status", told.status().as_u16(), 429)?;
    same("the details", told.details(), Some(&json!({ "limit": 2 })))?;
    holds("it is worth trying again", told.is_retryable() && !told.may_have_run())?;
    // The bound is each connection's own.
    same("another client's echo", other.echo("hello".into()).await?.as_str(), "hello")?;
    stage.log.release(1);
    same("the first answer", first.await?, Ok(1))?;
    same("the echo, with room again", client.echo("hello".into()).await?.as_str(), "hello")?;
    stage.log.release(2);
    same("the second answer", second.await?, Ok(2))
}

async fn a_client_waits_with_more_calls_than_it_makes(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().bounds_calls, NO_CALLS)?;
    let heard = Arc::<Log>::default();
    let hearing = Arc::clone(&heard);
    let stage = Stage::open_with(arena, |server| {
        server.on(move |_: Received<Noted>| {
            hearing.note(|counts| counts.noted.push(String::new()));
            async { Ok(()) }
        })
    })
    .await?;
    let client = stage.connect_with(|client| client.limits(|l| l.in_flight = 2)).await?;
    let (first, second) = (hold(&client, 1), hold(&client, 2));
    stage.log.until(|counts| counts.begun == 2).await;
    let mut third = Box::pin(client.hold(3));
    same("the third call", poll!(&mut third).map(drop), Poll::Pending)?;
    // An event overtakes no request: when it is there, the third call has not been sent.
    client.emit(Noted { number: 1, text: String::new() }).await?;
    heard.until(|counts| !counts.noted.is_empty()).await;
    same("handlers that have begun", stage.log.now().begun, 2)?;
    stage.log.release(1);
    same("the first answer", first.await?, Ok(1))?;
    stage.log.release(3);
    same("the third answer", third.await?, 3)?;
    stage.log.release(2);
    same("the second answer", second.await?, Ok(2))
}

async fn a_server_refuses_more_subscriptions_than_it_takes(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open_with(arena, |server| server.limits(|l| l.subscriptions = 2)).await?;
    let client = stage.connect().await?;
    let (_first, second) = (client.subscribe::<Noted>().await?, client.subscribe::<Noted>().await?);
    let told = client.subscribe::<Noted>().await;
    let told = refused(FaultKind::RateLimitExceeded, told)?;
    same("the details", told.details(), Some(&json!({ "limit": 2 })))?;
    drop(second);
    client.nothing().await?;
    drop(client.subscribe::<Noted>().await?);
    Ok(())
}

async fn a_server_refuses_more_clients_than_it_takes(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open_with(arena, |server| server.max_clients(2)).await?;
    let (first, second) = (stage.connect().await?, stage.connect().await?);
    for _ in 0..3 {
        let third = connecting(arena).connect(stage.dial()).await;
        let told = refused(FaultKind::Unavailable, third)?;
        holds("it is worth trying again", told.is_retryable())?;
    }
    same("the clients of the server", stage.server.clients().len(), 2)?;
    drop(second);
    until(|| stage.server.clients().len() == 1).await;
    let third = stage.connect().await?;
    same("the echo", third.echo("hello".into()).await?.as_str(), "hello")?;
    same("the first one's echo", first.echo("hello".into()).await?.as_str(), "hello")
}
