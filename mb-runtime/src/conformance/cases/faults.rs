//! What goes wrong, and what the caller is told: the same over every transport.

use mb_core::{Body, Failure, FaultKind};
use serde_json::{Value, json};

use super::cases;
use crate::conformance::{
    Arena,
    check::{Outcome, fault, holds, same, there},
    contract::{
        newer_probe,
        probe::{self, Color, Failing, ProbeError, Refusal, Shape},
    },
    service::Newer,
    stage::{Stage, connecting, fresh},
};

cases!("faults":
    declared_errors_arrive_typed_and_identical,
    declared_errors_arrive_whole_without_types,
    faults_of_every_kind_arrive_identical,
    an_undeclared_error_arrives_whole,
    a_code_of_a_newer_server_arrives_whole,
    internal_faults_are_sealed,
    a_panic_is_an_internal_fault_and_harms_nobody,
    sources_stay_on_the_server,
    an_unknown_request_says_so,
    a_wrong_payload_names_the_field,
    a_request_is_answered_as_it_is_declared,
    an_endpoint_that_nobody_serves_is_unavailable,
);

async fn declared_errors_arrive_typed_and_identical(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let shapes = vec![Shape::Nothing, Shape::Circle { radius: 0.5 }];
    for (how, error, code, status, text, retryable) in [
        (
            Failing::NotFound,
            ProbeError::NotFound { name: "ä/b".into(), count: u64::MAX },
            "NOT_FOUND",
            404,
            "nothing called ä/b among 18446744073709551615",
            false,
        ),
        (
            Failing::WrongColor,
            ProbeError::WrongColor { color: Color::DarkBlue, shapes },
            "BAD_COLOR",
            409,
            "darkBlue is no color",
            false,
        ),
        (Failing::Closed, ProbeError::Closed, "CLOSED", 503, "closed", true),
    ] {
        let Err(failure) = client.fail(how).await else {
            return holds(format_args!("{code} is a failure"), false);
        };
        same("the code", failure.code(), code)?;
        same("the status", failure.status().as_u16(), status)?;
        same("the message", failure.to_string().as_str(), text)?;
        same("whether it is retryable", failure.is_retryable(), retryable)?;
        same("the error", failure, Failure::Declared(error))?;
    }
    Ok(())
}

async fn declared_errors_arrive_whole_without_types(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for (how, code, details) in [
        ("notFound", "NOT_FOUND", Some(json!({ "name": "ä/b", "count": u64::MAX }))),
        (
            "wrongColor",
            "BAD_COLOR",
            Some(
                json!({ "color": "darkBlue", "shapes": ["nothing", { "circle": { "radius": 0.5 } }] }),
            ),
        ),
        ("closed", "CLOSED", None),
    ] {
        let body = Body::new(json!({ "how": how }));
        let Err(Failure::Declared(error)) = client.client().call_raw("probe/fail", body).await
        else {
            return holds(format_args!("{code} is an error of the contract"), false);
        };
        let error = error.to_wire();
        same("the code", error.code.as_str(), code)?;
        same("the details", error.details, details)?;
        holds("status and retryable travel", error.status.is_some() && error.retryable.is_some())?;
    }
    Ok(())
}

async fn faults_of_every_kind_arrive_identical(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let kinds = FaultKind::CODED.iter().copied().filter(|kind| *kind != FaultKind::Internal);
    for kind in kinds {
        for (retryable, details) in
            [(false, None), (true, Some(json!({ "list": [1, null, "ü"], "deep": { "x": 0.5 } })))]
        {
            let refusal = Refusal {
                code: kind.code().to_owned(),
                message: format!("{kind:?}, \"so to say\" ü"),
                retryable,
                details: details.clone(),
            };
            let fault = fault(kind, client.refuse(refusal.clone()).await)?;
            same("the code", fault.code(), kind.code())?;
            same("the message", fault.message(), refusal.message.as_str())?;
            same("the status", fault.status(), kind.status())?;
            same("whether it is retryable", fault.is_retryable(), retryable)?;
            same("the details", fault.details(), details.as_ref())?;
        }
    }
    Ok(())
}

async fn an_undeclared_error_arrives_whole(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let details = Some(json!({ "why": ["so"] }));
    let (code, message) = ("LEGALLY_WITHDRAWN".to_owned(), "not here".to_owned());
    let refusal = Refusal { code, message, retryable: true, details: details.clone() };
    let fault = fault(FaultKind::Undeclared, client.refuse(refusal).await)?;
    same("the code", fault.code(), "LEGALLY_WITHDRAWN")?;
    same("the status", fault.status().as_u16(), 451)?;
    same("the message", fault.message(), "not here")?;
    same("the details", fault.details(), details.as_ref())?;
    holds("it is retryable", fault.is_retryable())
}

async fn a_code_of_a_newer_server_arrives_whole(arena: &dyn Arena) -> Outcome {
    let server = arena.server().serve(newer_probe::serve(Newer)).bind(fresh(arena)).start().await?;
    let at = there("an endpoint", server.endpoints().first())?;
    let client = connecting(arena).connect(arena.dial(at)).await?;
    let client: probe::Client = client.typed()?;
    let fault = fault(FaultKind::Undeclared, client.fail(Failing::Closed).await)?;
    same("the code", fault.code(), "IS_TEAPOT")?;
    same("the status", fault.status().as_u16(), 418)?;
    same("the message", fault.message(), "pot is a teapot")?;
    same("the details", fault.details(), Some(&json!({ "name": "pot", "spouts": 2 })))?;
    holds("it is retryable", fault.is_retryable())
}

async fn internal_faults_are_sealed(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for how in [Failing::Internal, Failing::Foreign] {
        sealed(&client, how).await?;
    }
    Ok(())
}

async fn a_panic_is_an_internal_fault_and_harms_nobody(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    sealed(&client, Failing::Panic).await?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

/// The caller gets an id, and no word of what went wrong.
async fn sealed(client: &probe::Client, how: Failing) -> Outcome {
    let fault = fault(FaultKind::Internal, client.fail(how).await)?;
    same("the code", fault.code(), "INTERNAL_SERVER_ERROR")?;
    same("the status", fault.status().as_u16(), 500)?;
    holds("it is not retryable", !fault.is_retryable())?;
    holds("its text stays on the server", !format!("{fault:?}").contains("swordfish"))?;
    holds("its source too", std::error::Error::source(&fault).is_none())?;
    let id = fault.details().and_then(|details| details.get("id")).and_then(Value::as_str);
    let id = there("an id", id)?;
    holds("its message has the id", !id.is_empty() && fault.message().contains(id))
}

async fn sources_stay_on_the_server(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let fault = fault(FaultKind::Unavailable, client.fail(Failing::Sourced).await)?;
    same("the message", fault.message(), "come back later")?;
    holds("the handler has run for certain", !fault.may_have_run())?;
    holds("its source is not told", !format!("{fault:?}").contains("swordfish"))
}

async fn an_unknown_request_says_so(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for name in ["probe/fly", "fly", "annex/echo", "", "$fly", "probe/"] {
        let reply = client.client().call_raw(name, Body::new(json!({}))).await;
        let fault = fault(FaultKind::UnknownRequest, reply)?;
        same("the status", fault.status().as_u16(), 404)?;
        holds(format_args!("`{fault}` names {name}"), fault.message().contains(name))?;
    }
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn a_wrong_payload_names_the_field(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let nested = json!({ "code": "A", "message": "b", "retryable": "yes" });
    for (name, payload, path) in [
        ("probe/hold", json!({ "ticket": "one" }), "ticket"),
        ("probe/refuse", json!({ "refusal": nested }), "refusal.retryable"),
        ("probe/weighEach", json!({ "bytes": [1, 2, -3] }), "bytes[2]"),
        ("probe/hold", json!({}), ""),
        ("probe/hold", json!(null), ""),
    ] {
        let reply = match name {
            "probe/weighEach" => {
                let mut items = client.client().stream_raw(name, Body::new(payload));
                there("an item", items.next().await)?
            }
            _ => client.client().call_raw(name, Body::new(payload)).await,
        };
        let fault = fault(FaultKind::ValidationFailed, reply)?;
        holds(format_args!("`{fault}` names {name}"), fault.message().contains(name))?;
        same("the path", fault.violations().next().map(|(path, _)| path), Some(path))?;
        holds("it is not retryable", !fault.is_retryable())?;
    }
    same("handlers that have begun", stage.log.now().begun, 0)
}

async fn a_request_is_answered_as_it_is_declared(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let request = probe::requests::CountTo { limit: 1, then: probe::Then::End };
    let reply = client.send(request.into()).await;
    let told = fault(FaultKind::ValidationFailed, reply)?;
    holds(format_args!("`{told}` says how"), told.message().contains("by a stream"))?;
    let mut items = client.send_streamed(probe::requests::Nothing {}.into());
    let told = fault(FaultKind::ValidationFailed, there("an item", items.next().await)?)?;
    holds(format_args!("`{told}` says how"), told.message().contains("once"))?;
    holds("that was the last item", items.next().await.is_none())
}

async fn an_endpoint_that_nobody_serves_is_unavailable(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    stage.server.stop().await?;
    let refused = connecting(arena).connect(stage.dial()).await.map_err(Failure::from);
    let fault = fault::<_, mb_core::Never>(FaultKind::Unavailable, refused)?;
    holds("it is worth trying again", fault.is_retryable())?;
    holds("nothing has run", !fault.may_have_run())
}
