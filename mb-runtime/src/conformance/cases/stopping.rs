//! How a server stops: without losing a call, and with everybody told.

use std::time::Duration;

use futures_util::future::join;
use mb_core::{EndReason, FaultKind};

use super::cases;
use crate::{
    ClientStatus, Reconnect, StopError,
    conformance::{
        Arena,
        check::{Outcome, fault, holds, refused, same, there},
        contract::probe::{Noted, Then},
        stage::{Stage, connecting, hold, spawn},
    },
};

cases!("stopping":
    a_stop_lets_calls_finish_and_takes_no_new_ones,
    a_stop_ends_streams_with_the_reason,
    a_stop_does_not_wait_for_a_stream_that_nobody_reads,
    a_stop_tells_clients_and_subscriptions,
    a_stop_with_nobody_there_is_done_at_once,
    a_call_that_outlasts_the_drain_is_cut_off_and_told,
    dropping_the_last_handle_ends_everything,
    nothing_is_announced_after_the_stop,
);

async fn a_stop_lets_calls_finish_and_takes_no_new_ones(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let (held, also) = (hold(&client, 1), hold(&client, 2));
    stage.log.until(|counts| counts.begun == 2).await;
    let server = stage.server.clone();
    let stopping = spawn(async move { server.stop().await });
    // The stop has begun when a new call is refused.
    let refusal = loop {
        match client.echo("too late?".into()).await {
            Ok(_) => tokio::task::yield_now().await,
            refused => break fault(FaultKind::Unavailable, refused)?,
        }
    };
    holds("the refused call has not run", !refusal.may_have_run())?;
    let late = connecting(arena).connect(stage.dial()).await;
    refused(FaultKind::Unavailable, late)?;
    same("whether it has stopped", stopping.is_finished(), false)?;
    stage.log.release(2);
    same("the one answer", also.await?, Ok(2))?;
    stage.log.release(1);
    same("the other answer", held.await?, Ok(1))?;
    same("how the stop went", stopping.await?, Ok(()))?;
    same("how it went for another handle", stage.server.stopped().await, Ok(()))?;
    same("the clients of the server", stage.server.clients().len(), 0)
}

async fn a_stop_ends_streams_with_the_reason(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut quiet = client.count_to(1, Then::Hang);
    let mut busy = client.count_to(u32::MAX, Then::End);
    same("the item", quiet.next().await, Some(Ok(0)))?;
    same("the item", busy.next().await, Some(Ok(0)))?;
    let reader = async {
        for items in [&mut quiet, &mut busy] {
            let last = loop {
                match there("an item", items.next().await)? {
                    Ok(_) => {}
                    failure => break failure,
                }
            };
            let told = fault(FaultKind::Unavailable, last)?;
            holds(format_args!("`{told}` says why"), told.message().contains("stop"))?;
            holds("that was the last item", items.next().await.is_none())?;
        }
        Ok(())
    };
    let (stopped, read) = join(stage.server.stop(), reader).await;
    read.and(same("how the stop went", stopped, Ok(())))
}

async fn a_stop_does_not_wait_for_a_stream_that_nobody_reads(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut held = client.count_to(1_000, Then::End);
    same("the item", held.next().await, Some(Ok(0)))?;
    same("how the stop went", stage.server.stop().await, Ok(()))?;
    // What was on its way is still read, then comes the end.
    let last = loop {
        match there("an item", held.next().await)? {
            Ok(_) => {}
            failure => break failure,
        }
    };
    fault(FaultKind::Unavailable, last)?;
    let made = stage.log.now().made;
    holds(format_args!("{made} items are not all"), made <= 2 * arena.traits().items_ahead + 2)
}

async fn a_stop_tells_clients_and_subscriptions(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.reconnect(Reconnect::never())).await?;
    let mut status = client.client().watch_status();
    let mut events = client.subscribe::<Noted>().await?;
    stage.server.broadcast(Noted { number: 1, text: "last".into() }).await?;
    stage.server.stop().await?;
    let over = ClientStatus::Disconnected(EndReason::ServerStopped);
    status.wait_for(|status| *status == over).await?;
    same("the event", there("an event", events.next().await)?.text.as_str(), "last")?;
    holds("there is no further event", events.next().await.is_none())?;
    same("the end", events.end_reason(), Some(EndReason::ServerStopped))?;
    fault(FaultKind::Unavailable, client.echo("late".into()).await)?;
    refused(FaultKind::Unavailable, client.subscribe::<Noted>().await).map(drop)
}

async fn a_stop_with_nobody_there_is_done_at_once(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (one, other) = join(stage.server.stop(), stage.server.stop()).await;
    same("how the stop went", (one, other), (Ok(()), Ok(())))
}

async fn a_call_that_outlasts_the_drain_is_cut_off_and_told(arena: &dyn Arena) -> Outcome {
    let drain = Duration::from_millis(60);
    let stage = Stage::open_with(arena, |server| server.drain(drain)).await?;
    let client = stage.connect().await?;
    let held = hold(&client, 1);
    stage.log.until(|counts| counts.begun == 1).await;
    let cut_off = StopError::CutOff { calls: 1, handlers: 0 };
    same("how the stop went", stage.server.stop().await, Err(cut_off))?;
    let told = fault(FaultKind::Unavailable, held.await?)?;
    holds("it is not to be sent again without thought", !told.is_retryable())?;
    let counts = stage.log.until(|counts| counts.dropped == 1).await;
    same("handlers that came to their end", counts.finished, 0)
}

async fn dropping_the_last_handle_ends_everything(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.reconnect(Reconnect::never())).await?;
    let mut status = client.client().watch_status();
    let held = hold(&client, 1);
    stage.log.until(|counts| counts.begun == 1).await;
    let Stage { server, log, .. } = stage;
    let clone = server.clone();
    drop(server);
    same("the echo", client.echo("still there".into()).await?.as_str(), "still there")?;
    drop(clone);
    fault(FaultKind::Unavailable, held.await?)?;
    log.until(|counts| counts.dropped == 1).await;
    let over = ClientStatus::Disconnected(EndReason::ServerStopped);
    status.wait_for(|status| *status == over).await?;
    Ok(())
}

async fn nothing_is_announced_after_the_stop(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    stage.server.stop().await?;
    let event = Noted { number: 1, text: String::new() };
    refused(FaultKind::Unavailable, stage.server.broadcast(event.clone()).await)?;
    refused(FaultKind::Unavailable, stage.server.send_to("anybody", event).await).map(drop)
}
