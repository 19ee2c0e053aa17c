//! What every server answers beside its contracts: the `$` requests of the wire format.

use std::sync::Arc;

use mb_core::{
    Answer, Body, Calling, ContractVersion, EndReason, Fault, FaultKind, Hello, Host, Introduction,
    Link, Message, Payload, SubscriptionId,
};

use super::{Core, logins, peer::Peer};
use crate::wire::system::{
    self, Done, Match, Ping, Pong, Register, Registered, ServerInfo, Subscribe, Subscribed,
    Unregister, Unregistered, Unsubscribe, timestamp,
};

/// What a client that does not know magicbutton may want to know that this server can do.
const CAPABILITIES: [&str; 4] = ["requests", "events", "streams", "cancellation"];

/// Answers a system request of a client.
pub(super) fn answer(core: &Arc<Core>, peer: &Peer, request: Message) -> Calling {
    let (name, _, body) = request.into_parts();
    match name.as_str() {
        system::LOGIN => logins::log_in(core, peer, body),
        system::LOGOUT => logins::log_out(core, peer),
        name => Calling::answered(answer_at_once(core, peer, name, body)),
    }
}

fn answer_at_once(core: &Core, peer: &Peer, name: &str, body: Body) -> Answer {
    match name {
        system::REGISTER => Ok(Body::new(register(core, peer, read(name, body)?)?)),
        system::UNREGISTER => {
            // What it says beside whom it means is of no interest.
            let Unregister { client_id, connection_id } = body.decode().unwrap_or_default();
            peer.speaks_for_itself(core, client_id.as_deref(), connection_id.as_deref())?;
            peer.close(EndReason::ClientDisconnected);
            // Whoever is not counted any more does not stay. This answer goes before the goodbye.
            peer.back().close(EndReason::ClientDisconnected);
            Ok(Body::new(Unregistered { success: true, timestamp: timestamp() }))
        }
        system::PING => {
            let Ping { timestamp: sent, payload } = read(name, body)?;
            Ok(Body::new(Pong { timestamp: sent, server_time: timestamp(), echo: payload }))
        }
        system::SERVER_INFO => Ok(Body::new(info(core))),
        system::SUBSCRIBE => {
            let Subscribe { client_id, events } = read(name, body)?;
            peer.speaks_for_itself(core, client_id.as_deref(), None)?;
            let id = peer.subscribe_to(core, &events)?;
            let subscription_id = id.0.to_string();
            Ok(Body::new(Subscribed { success: true, subscription_id, events }))
        }
        system::UNSUBSCRIBE => {
            let Unsubscribe { client_id, subscription_id } = read(name, body)?;
            peer.speaks_for_itself(core, client_id.as_deref(), None)?;
            peer.unsubscribe(SubscriptionId(subscription_id.into()));
            Ok(Body::new(Done { success: true }))
        }
        _ => {
            let name: String = name.chars().take(100).collect();
            let reason = format!("unknown request `{name}`: there is no such system request");
            Err(Fault::new(FaultKind::UnknownRequest, reason).into())
        }
    }
}

fn read<T: Payload>(name: &str, body: Body) -> Result<T, Fault> {
    body.decode().map_err(|error| {
        let details = serde_json::json!({ "path": error.path, "reason": error.reason });
        let reason = format!("the payload of {name} is not as it should be: {error}");
        Fault::new(FaultKind::ValidationFailed, reason).with_details(details)
    })
}

fn register(core: &Core, peer: &Peer, register: Register) -> Result<Registered, Fault> {
    let served: Vec<_> =
        core.routes.contracts().iter().map(|contract| ContractVersion::of(contract)).collect();
    let contracts = register.contracts.iter().flatten();
    let contracts = contracts.map(|asked| compare(asked, &served)).collect();
    let events = register.events;
    let info = peer.register(
        core,
        Hello {
            client_id: register.client_id,
            kind: register.client_type,
            capabilities: register.capabilities,
            metadata: register.metadata,
            serves: register.serves,
            speaks: Vec::new(),
        },
    )?;
    if let Some(events) = &events {
        peer.narrow_to(core, events)?;
    }
    peer.back().met(&Introduction {
        knows_contracts: register.contracts.is_some(),
        max_message: register.max_message,
    });
    Ok(Registered {
        success: true,
        connection_id: info.connection_id,
        server_id: core.id().to_owned(),
        server_time: timestamp(),
        ttl: core.limits().silence.as_secs(),
        client_id: Some(info.client_id),
        contracts,
        serves: Some(served),
        max_message: Some(core.limits().max_message),
    })
}

fn compare(asked: &ContractVersion, served: &[ContractVersion]) -> Match {
    let theirs = served.iter().find(|served| served.name == asked.name);
    Match {
        name: asked.name.clone(),
        served: theirs.is_some(),
        compatible: theirs.is_some_and(|theirs| theirs.is_compatible(asked)),
        version: theirs.map(|theirs| theirs.version.clone()),
        fingerprint: theirs.map(|theirs| theirs.fingerprint.clone()),
    }
}

fn info(core: &Core) -> ServerInfo {
    ServerInfo {
        server_id: core.id().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime: u64::try_from(core.uptime().as_millis()).unwrap_or(u64::MAX),
        connected_clients: core.connected(),
        capabilities: CAPABILITIES.map(str::to_owned).into(),
        server_time: timestamp(),
    }
}
