//! What every server answers beside its contracts, for tools and for clients in other languages.

use std::sync::Arc;

use mb_core::{Body, DecodeError, EventDescriptor, FaultKind, Message, Subscribe};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cases;
use crate::{
    Client,
    conformance::{
        Arena,
        check::{Outcome, answered, fault, holds, same, there},
        contract::probe::Noted,
        stage::{Stage, connecting},
    },
};

cases!("system requests":
    a_ping_is_answered,
    a_server_tells_what_it_is,
    events_can_be_asked_for_by_name,
    an_unknown_event_cannot_be_asked_for_by_name,
    a_client_registers_only_once,
    clients_that_come_and_go_are_announced,
);

async fn ask(client: &Client, name: &str, payload: Value) -> Outcome<Value> {
    Ok(answered(client.call_raw(name, Body::new(payload)).await)?.decode()?)
}

async fn a_ping_is_answered(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let sent = json!({ "timestamp": 5, "payload": { "any": ["thing"] } });
    let pong = ask(client.client(), "$ping", sent).await?;
    same("the timestamp", pong.get("timestamp"), Some(&json!(5)))?;
    same("the echo", pong.get("echo"), Some(&json!({ "any": ["thing"] })))?;
    holds("the server's time is told", pong.get("serverTime").is_some_and(Value::is_u64))
}

async fn a_server_tells_what_it_is(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (client, _other) = (stage.connect().await?, stage.connect().await?);
    let info = ask(client.client(), "$serverInfo", json!({})).await?;
    same("the server's id", info.get("serverId"), Some(&json!("stage")))?;
    same("the clients", info.get("connectedClients"), Some(&json!(2)))?;
    for (key, told) in
        [("version", Value::is_string as fn(&Value) -> bool), ("uptime", Value::is_u64)]
    {
        holds(format_args!("{key} is told"), info.get(key).is_some_and(told))?;
    }
    Ok(())
}

async fn events_can_be_asked_for_by_name(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<Noted>().await?;
    let other = client.client();
    let asked = json!({ "events": ["probe/wiped", "noted"] });
    let subscribed = ask(other, "$subscribe", asked).await?;
    same("whether it worked", subscribed.get("success"), Some(&json!(true)))?;
    let id = subscribed.get("subscriptionId").and_then(Value::as_str);
    let id = there("a subscription's id", id)?.to_owned();
    let taken_back = json!({ "subscriptionId": id });
    for _ in 0..2 {
        // Twice, as one that is not known any more is no fault.
        let done = ask(other, "$unsubscribe", taken_back.clone()).await?;
        same("whether it worked", done.get("success"), Some(&json!(true)))?;
    }
    // The client's own subscription is another.
    stage.server.broadcast(Noted { number: 1, text: String::new() }).await?;
    same("the event", there("an event", events.next().await)?.number, 1)
}

async fn an_unknown_event_cannot_be_asked_for_by_name(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let body = Body::new(json!({ "events": ["noted", "unheardOf"] }));
    let told = client.client().call_raw("$subscribe", body).await;
    let told = fault(FaultKind::ContractMismatch, told)?;
    holds(format_args!("`{told}` names it"), told.message().contains("unheardOf"))
}

async fn a_client_registers_only_once(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.id("ada")).await?;
    let other = client.client();
    // Somebody else it cannot become, neither before it has said again who it is nor after.
    for _ in 0..2 {
        let body = Body::new(json!({ "clientId": "eve", "clientType": "web" }));
        fault(FaultKind::ValidationFailed, other.call_raw("$register", body).await)?;
        let again = ask(other, "$register", json!({ "clientId": "ada" })).await?;
        same("whether it worked", again.get("success"), Some(&json!(true)))?;
        same("the server's id", again.get("serverId"), Some(&json!("stage")))?;
    }
    same("the source", client.look_around().await?.source.as_deref(), Some("ada"))?;
    same("the clients of the server", stage.server.clients().len(), 1)
}

/// A client has come, or gone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presence {
    client_id: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Subscribe for Presence {
    fn events() -> impl Iterator<Item = &'static EventDescriptor> {
        // They have one name only: with two of them, each event would come twice.
        static EVENTS: [EventDescriptor; 2] = [
            EventDescriptor::declared("-", "$connected", ""),
            EventDescriptor::declared("-", "$disconnected", ""),
        ];
        EVENTS.iter()
    }

    fn receive(message: &Message) -> Result<Arc<Self>, DecodeError> {
        message.body().decode_shared()
    }
}

async fn clients_that_come_and_go_are_announced(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let watching = stage.connect().await?;
    let mut presence = watching.client().subscribe::<Presence>().await?;
    let ada = connecting(arena).id("ada").connect(stage.dial()).await?;
    let came = there("an event", presence.next().await)?;
    same("who has come", (came.client_id.as_str(), &came.reason), ("ada", &None))?;
    drop(ada);
    let gone = there("an event", presence.next().await)?;
    same("who has gone", gone.client_id.as_str(), "ada")?;
    same("why", gone.reason.as_deref(), Some("the client disconnected"))
}
