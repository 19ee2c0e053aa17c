//! Events that clients emit, and the server's handlers of them.

use std::sync::Arc;

use mb_core::{Fault, FaultKind};
use tokio_stream::StreamExt;

use super::cases;
use crate::{
    Received, ServerBuilder,
    conformance::{
        Arena,
        check::{Outcome, refused, same, there},
        contract::{annex, probe::Noted},
        service::{Log, SECRET},
        stage::{Stage, connecting, fresh, serving},
    },
};

cases!("emitting":
    the_server_handles_events_in_order,
    a_handler_that_fails_harms_nobody,
    an_event_that_nobody_handles_is_no_fault,
    an_unknown_event_is_told,
    what_was_emitted_is_handled_before_the_stop,
    who_emits_after_the_stop_is_told,
);

/// A server that remembers what clients emit.
fn remembering(server: ServerBuilder, log: &Arc<Log>) -> ServerBuilder {
    let log = Arc::clone(log);
    server.on(move |event: Received<Noted>| {
        let log = Arc::clone(&log);
        async move {
            match event.text.as_str() {
                "panic" => std::panic::resume_unwind(Box::new(SECRET)),
                "fail" => Err(Fault::unavailable("not today"))?,
                _ => {}
            }
            let source = event.context().source().unwrap_or("-");
            let note = format!("{} {} by {source}", event.number, event.text);
            log.note(|counts| counts.noted.push(note));
            Ok(())
        }
    })
}

async fn stage(arena: &dyn Arena) -> Outcome<Stage<'_>> {
    let log = Arc::<Log>::default();
    let server = remembering(serving(arena, &log), &log).bind(fresh(arena)).start().await?;
    let at = there("an endpoint", server.endpoints().first())?.clone();
    Ok(Stage { arena, server, log, at })
}

fn noted(number: u32, text: &str) -> Noted {
    Noted { number, text: text.into() }
}

async fn the_server_handles_events_in_order(arena: &dyn Arena) -> Outcome {
    let stage = stage(arena).await?;
    let ada = stage.connect_with(|client| client.id("ada")).await?;
    for number in 0..600 {
        ada.emit(noted(number, "ü")).await?;
    }
    let noted = stage.log.until(|counts| counts.noted.len() >= 600).await.noted;
    let expected: Vec<_> = (0..600).map(|number| format!("{number} ü by ada")).collect();
    same("what the server has noted", noted, expected)
}

async fn a_handler_that_fails_harms_nobody(arena: &dyn Arena) -> Outcome {
    let stage = stage(arena).await?;
    let ada = stage.connect_with(|client| client.id("ada")).await?;
    for (number, text) in [(1, "a"), (2, "panic"), (3, "b"), (4, "fail"), (5, "c")] {
        ada.emit(noted(number, text)).await?;
    }
    let noted = stage.log.until(|counts| counts.noted.len() >= 3).await.noted;
    same("what the server has noted", noted, ["1 a by ada", "3 b by ada", "5 c by ada"])
}

async fn an_event_that_nobody_handles_is_no_fault(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    client.emit(noted(1, "to nobody")).await?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn an_unknown_event_is_told(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut errors = client.client().errors();
    let foreign = annex::Client::from(client.client().clone());
    // An emitter does not wait for a network: it is told later, by the client's errors.
    if foreign.emit(annex::Noted { word: "who".into() }).await.is_ok() {
        let told = there("an error", errors.next().await)?;
        same("the kind of the error", told.kind(), FaultKind::ContractMismatch)?;
    } else {
        let emitted = foreign.emit(annex::Noted { word: "who".into() }).await;
        refused(FaultKind::ContractMismatch, emitted)?;
    }
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn what_was_emitted_is_handled_before_the_stop(arena: &dyn Arena) -> Outcome {
    let stage = stage(arena).await?;
    let ada = stage.connect_with(|client| client.id("ada")).await?;
    for number in 0..100 {
        ada.emit(noted(number, "")).await?;
    }
    // An answer shows that the events before it have arrived.
    ada.nothing().await?;
    stage.server.stop().await?;
    same("events that were handled", stage.log.now().noted.len(), 100)
}

async fn who_emits_after_the_stop_is_told(arena: &dyn Arena) -> Outcome {
    let stage = stage(arena).await?;
    let client = connecting(arena).reconnect(crate::Reconnect::never());
    let client = client.connect(stage.dial()).await?;
    let mut status = client.watch_status();
    stage.server.stop().await?;
    let gone =
        |status: &crate::ClientStatus| matches!(status, crate::ClientStatus::Disconnected(_));
    status.wait_for(gone).await?;
    refused(FaultKind::Unavailable, client.emit(noted(1, "late")).await).map(drop)
}
