//! Which contracts two sides speak, and several of them over one connection.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join;
use mb_core::{Body, FaultKind};
use serde_json::json;

use super::cases;
use crate::{
    Received,
    conformance::{
        Arena,
        check::{Outcome, answered, fault, holds, refused, same, there},
        contract::{annex, other_probe, probe},
        service::{Annex, Other},
        stage::{Stage, connecting, fresh, until},
    },
};

cases!("contracts":
    another_major_version_is_refused_at_connect,
    a_contract_that_is_not_served_is_refused_at_connect,
    an_older_server_of_the_same_major_version_will_do,
    two_contracts_share_a_connection,
    events_of_one_bare_name_are_told_apart,
    emitted_events_of_one_bare_name_are_told_apart,
    a_bare_name_that_could_mean_two_is_refused,
);

async fn another_major_version_is_refused_at_connect(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = connecting(arena).speaks::<other_probe::Client>();
    let told = refused(FaultKind::ContractMismatch, client.connect(stage.dial()).await)?;
    let versions = json!({ "contract": "probe", "client": "2.0.0", "server": "1.4.0" });
    same("the details", told.details(), Some(&versions))?;
    holds("it is not retryable", !told.is_retryable())?;
    until(|| stage.server.clients().is_empty()).await;
    // A client that did not say so at connect is told when it asks for the types.
    let client = connecting(arena).connect(stage.dial()).await?;
    refused(FaultKind::ContractMismatch, client.typed::<other_probe::Client>())?;
    client.typed::<probe::Client>()?;

    let server = arena.server().serve(other_probe::serve(Other)).bind(fresh(arena)).start().await?;
    let at = arena.dial(there("an endpoint", server.endpoints().first())?);
    let client = connecting(arena).speaks::<probe::Client>();
    refused(FaultKind::ContractMismatch, client.connect(at).await).map(drop)
}

async fn a_contract_that_is_not_served_is_refused_at_connect(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = connecting(arena).speaks::<probe::Client>().speaks::<annex::Client>();
    let told = refused(FaultKind::ContractMismatch, client.connect(stage.dial()).await)?;
    let versions = json!({ "contract": "annex", "client": "0.3.0", "server": null });
    same("the details", told.details(), Some(&versions))?;
    until(|| stage.server.clients().is_empty()).await;
    Ok(())
}

async fn an_older_server_of_the_same_major_version_will_do(arena: &dyn Arena) -> Outcome {
    use crate::conformance::contract::newer_probe;
    let stage = Stage::open(arena).await?;
    let client = connecting(arena).speaks::<newer_probe::Client>();
    client.connect(stage.dial()).await?.typed::<newer_probe::Client>()?;
    Ok(())
}

async fn both(arena: &dyn Arena) -> Outcome<(Stage<'_>, probe::Client, annex::Client)> {
    let stage = Stage::open_with(arena, |server| server.serve(annex::serve(Annex))).await?;
    let probe = stage.connect().await?;
    let annex = probe.client().typed()?;
    Ok((stage, probe, annex))
}

async fn two_contracts_share_a_connection(arena: &dyn Arena) -> Outcome {
    let (stage, probe, annex) = both(arena).await?;
    let (text, number) = join(probe.echo("one".into()), annex.echo(1)).await;
    same("the one contract's echo", text?.as_str(), "one")?;
    same("the other contract's echo", number?, 2)?;
    same("the clients of the server", stage.server.clients().len(), 1)
}

async fn events_of_one_bare_name_are_told_apart(arena: &dyn Arena) -> Outcome {
    let (stage, probe, annex) = both(arena).await?;
    let mut numbers = probe.subscribe::<probe::Noted>().await?;
    let mut words = annex.subscribe::<annex::Noted>().await?;
    for number in 0..3 {
        stage.server.broadcast(annex::Noted { word: format!("word {number}") }).await?;
        stage.server.broadcast(probe::Noted { number, text: String::new() }).await?;
    }
    for number in 0..3 {
        same("the number", there("an event", numbers.next().await)?.number, number)?;
        let word = there("an event", words.next().await)?.into_inner().word;
        same("the word", word, format!("word {number}"))?;
    }
    same("events that could not be read", numbers.undecodable() + words.undecodable(), 0)
}

async fn emitted_events_of_one_bare_name_are_told_apart(arena: &dyn Arena) -> Outcome {
    let words = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&words);
    let stage = Stage::open_with(arena, |server| {
        server.serve(annex::serve(Annex)).on(move |event: Received<annex::Noted>| {
            let heard = Arc::clone(&heard);
            async move {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(event.word.clone());
                Ok(())
            }
        })
    })
    .await?;
    let probe = stage.connect().await?;
    let annex: annex::Client = probe.client().typed()?;
    probe.emit(probe::Noted { number: 1, text: "not for the annex".into() }).await?;
    annex.emit(annex::Noted { word: "for the annex".into() }).await?;
    let heard = || words.lock().unwrap_or_else(PoisonError::into_inner).clone();
    until(|| !heard().is_empty()).await;
    same("what the annex heard", heard(), ["for the annex"])
}

async fn a_bare_name_that_could_mean_two_is_refused(arena: &dyn Arena) -> Outcome {
    let (_stage, probe, _) = both(arena).await?;
    let reply = probe.client().call_raw("echo", Body::new(json!({ "number": 1 }))).await;
    let told = fault(FaultKind::UnknownRequest, reply)?;
    for name in ["probe/echo", "annex/echo"] {
        holds(format_args!("`{told}` names {name}"), told.message().contains(name))?;
    }
    let reply = probe.client().call_raw("annex/echo", Body::new(json!({ "number": 1 }))).await;
    same("the reply", answered(reply)?.decode::<u32>()?, 2)
}
