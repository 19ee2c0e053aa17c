//! Calls that are given up, by their callers or by the clock.

use std::time::Duration;

use futures_util::poll;
use mb_core::FaultKind;
use tokio::time::Instant;

use super::cases;
use crate::conformance::{
    Arena,
    check::{Outcome, fault, holds, same},
    contract::probe,
    stage::{Stage, connecting, hold, spawn},
};

cases!("cancellation":
    dropping_a_call_drops_its_handler,
    dropping_one_call_leaves_the_others_alone,
    a_call_that_was_never_polled_runs_nothing,
    a_detached_request_runs_to_its_end,
    a_call_that_is_too_late_fails_and_drops_its_handler,
    a_call_in_time_is_answered,
    a_client_may_limit_every_call,
    a_late_detached_request_runs_to_its_end,
);

const SOON: Duration = Duration::from_millis(60);

async fn dropping_a_call_drops_its_handler(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let call = hold(&client, 1);
    stage.log.until(|counts| counts.begun == 1).await;
    same("handlers dropped before the call", stage.log.now().dropped, 0)?;
    call.abort();
    let counts = stage.log.until(|counts| counts.dropped == 1).await;
    same("handlers that came to their end", counts.finished, 0)?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn dropping_one_call_leaves_the_others_alone(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let (first, second, third) = (hold(&client, 1), hold(&client, 2), hold(&client, 3));
    stage.log.until(|counts| counts.begun == 3).await;
    drop(second);
    stage.log.until(|counts| counts.dropped == 1).await;
    stage.log.release(1);
    stage.log.release(3);
    same("the first answer", first.await?, Ok(1))?;
    same("the third answer", third.await?, Ok(3))?;
    same("handlers that came to their end", stage.log.now().finished, 2)
}

async fn a_call_that_was_never_polled_runs_nothing(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    drop(client.hold(1));
    drop(client.hold_detached(1));
    drop(client.hold_idempotent(1));
    client.nothing().await?;
    same("handlers that have begun", stage.log.now().begun, 0)
}

async fn a_detached_request_runs_to_its_end(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let caller = client.clone();
    let call = spawn(async move { caller.hold_detached(1).await });
    stage.log.until(|counts| counts.begun == 1).await;
    drop(call);
    // Time enough for the server to hear of it.
    client.nothing().await?;
    same("handlers that were dropped", stage.log.now().dropped, 0)?;
    stage.log.release(1);
    let counts = stage.log.until(|counts| counts.dropped == 1).await;
    same("handlers that came to their end", counts.finished, 1)?;
    // And it answers a caller that stays.
    same("the answer", client.hold_detached(1).await?, 1)
}

async fn a_call_that_is_too_late_fails_and_drops_its_handler(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let start = Instant::now();
    let told = fault(FaultKind::Timeout, client.hold(1).timeout(SOON).await)?;
    holds("it waited as long as it said", start.elapsed() >= SOON)?;
    same("the status", told.status().as_u16(), 504)?;
    holds(format_args!("`{told}` names the request"), told.message().contains("probe/hold"))?;
    holds("it is not retryable", !told.is_retryable())?;
    holds("the handler may have run", told.may_have_run())?;
    let counts = stage.log.until(|counts| counts.dropped == 1).await;
    same("handlers that came to their end", counts.finished, 0)?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn a_call_in_time_is_answered(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut call = Box::pin(client.hold(1).timeout(Duration::from_secs(15)));
    holds("it is not answered yet", poll!(&mut call).is_pending())?;
    // One that is too late beside it does not take it along.
    fault(FaultKind::Timeout, client.hold(2).timeout(SOON).await)?;
    stage.log.release(1);
    same("the answer", call.await?, 1)
}

async fn a_client_may_limit_every_call(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = connecting(arena).request_timeout(SOON).connect(stage.dial()).await?;
    let client: probe::Client = client.typed()?;
    fault(FaultKind::Timeout, client.hold(1).await)?;
    stage.log.until(|counts| counts.dropped == 1).await;
    // The call's own limit counts where it has one.
    let mut patient = Box::pin(client.hold(2).timeout(Duration::from_secs(15)));
    holds("it is not answered yet", poll!(&mut patient).is_pending())?;
    fault(FaultKind::Timeout, client.hold(3).await)?;
    stage.log.release(2);
    same("the answer", patient.await?, 2)
}

async fn a_late_detached_request_runs_to_its_end(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    fault(FaultKind::Timeout, client.hold_detached(1).timeout(SOON).await)?;
    client.nothing().await?;
    let counts = stage.log.now();
    same("handlers begun, and dropped", (counts.begun, counts.dropped), (1, 0))?;
    stage.log.release(1);
    let counts = stage.log.until(|counts| counts.dropped == 1).await;
    same("handlers that came to their end", counts.finished, 1)
}
