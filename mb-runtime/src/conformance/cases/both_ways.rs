//! Servers that call their clients, over the connection that the client made.

use mb_core::FaultKind;

use super::cases;
use crate::{
    ClientBuilder,
    conformance::{
        Arena,
        check::{Outcome, fault, holds, same},
        contract::{annex, probe::Question, screen},
        service::{Annex, Screen},
        stage::{Stage, spawn},
    },
};

cases!("both ways":
    a_server_can_call_its_client,
    a_client_answers_with_its_declared_errors,
    a_client_answers_with_a_stream,
    many_questions_at_once_get_each_its_own_answer,
    a_client_that_serves_nothing_is_not_asked,
    a_client_that_serves_something_else_is_not_asked,
    a_request_that_the_client_does_not_know_is_unknown,
);

fn with_screen(client: ClientBuilder) -> ClientBuilder {
    client.id("web-7").serve(screen::serve(Screen))
}

async fn a_server_can_call_its_client(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(with_screen).await?;
    // The client sees who asks.
    same("the answer", client.ask_back(Question::Agreeable).await?, ["yes, stage"])
}

async fn a_client_answers_with_its_declared_errors(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(with_screen).await?;
    let told = client.ask_back(Question::Disagreeable).await?;
    same("the error", told, ["DECLINED", "declined: nasty?"])
}

async fn a_client_answers_with_a_stream(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(with_screen).await?;
    let mut expected: Vec<_> = (0..100).map(|stroke: u32| stroke.to_string()).collect();
    expected.push("declined: enough".to_owned());
    same("the items", client.ask_back(Question::Strokes).await?, expected)
}

async fn many_questions_at_once_get_each_its_own_answer(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(with_screen).await?;
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let client = client.clone();
            spawn(async move {
                let strokes = number % 2 == 0;
                let question = if strokes { Question::Strokes } else { Question::Agreeable };
                (strokes, client.ask_back(question).await)
            })
        })
        .collect();
    for asked in asking {
        let (strokes, answer) = asked.await?;
        same("the number of answers", answer?.len(), if strokes { 101 } else { 1 })?;
    }
    Ok(())
}

async fn a_client_that_serves_nothing_is_not_asked(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let told = fault(FaultKind::ContractMismatch, client.ask_back(Question::Agreeable).await)?;
    holds(format_args!("`{told}` names the contract"), told.message().contains("screen"))
}

async fn a_client_that_serves_something_else_is_not_asked(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.serve(annex::serve(Annex))).await?;
    fault(FaultKind::ContractMismatch, client.ask_back(Question::Agreeable).await).map(drop)
}

async fn a_request_that_the_client_does_not_know_is_unknown(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(with_screen).await?;
    same("the error", client.ask_back(Question::Newer).await?, ["UNKNOWN_REQUEST_TYPE"])?;
    same("the answer", client.ask_back(Question::Agreeable).await?, ["yes, stage"])
}
