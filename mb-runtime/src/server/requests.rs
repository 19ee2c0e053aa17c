//! What every server answers beside its contracts: the `$` requests of the wire format.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{
    Answer, Body, Calling, ContractVersion, EndReason, Fault, FaultKind, Hello, Host, Introduction,
    Link, Message, Payload, SubscriptionId,
};

use super::{
    Core,
    peer::{Peer, Session},
};
use crate::{
    dispatch::panic_text,
    login::{Credentials, LoginError, wire as login},
    wire::system::{
        self, Done, Match, Ping, Pong, Register, Registered, ServerInfo, Subscribe, Subscribed,
        Unregistered, Unsubscribe, timestamp,
    },
};

/// What a client that does not know magicbutton may want to know that this server can do.
const CAPABILITIES: [&str; 4] = ["requests", "events", "streams", "cancellation"];

/// The longest id that a client may give itself, in bytes.
const LONGEST_ID: usize = 256;

/// Answers a system request of a client.
pub(super) fn answer(core: &Core, peer: &Peer, request: Message) -> Calling {
    let (name, _, body) = request.into_parts();
    match name.as_str() {
        system::LOGIN => {
            // What is wrong with credentials is not told in their own words.
            let request = body.decode::<login::Request>().unwrap_or_default();
            match request.credentials() {
                Ok(credentials) => log_in(core, peer, credentials),
                Err(fault) => Calling::refused(fault),
            }
        }
        system::LOGOUT => log_out(core, peer),
        name => Calling::answered(answer_at_once(core, peer, name, body)),
    }
}

fn answer_at_once(core: &Core, peer: &Peer, name: &str, body: Body) -> Answer {
    match name {
        system::REGISTER => Ok(Body::new(register(core, peer, read(name, body)?)?)),
        system::UNREGISTER => {
            peer.close(EndReason::ClientDisconnected);
            // Whoever is not counted any more does not stay. This answer goes before the goodbye.
            peer.caller().back().close(EndReason::ClientDisconnected);
            Ok(Body::new(Unregistered { success: true, timestamp: timestamp() }))
        }
        system::PING => {
            let Ping { timestamp: sent, payload } = read(name, body)?;
            Ok(Body::new(Pong { timestamp: sent, server_time: timestamp(), echo: payload }))
        }
        system::SERVER_INFO => Ok(Body::new(info(core))),
        system::SUBSCRIBE => {
            let Subscribe { events, .. } = read(name, body)?;
            let id = peer.subscribe_to(core, &events)?;
            let subscription_id = id.0.to_string();
            Ok(Body::new(Subscribed { success: true, subscription_id, events }))
        }
        system::UNSUBSCRIBE => {
            let Unsubscribe { subscription_id, .. } = read(name, body)?;
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

fn log_in(core: &Core, peer: &Peer, credentials: Credentials) -> Calling {
    let Some(authenticator) = core.authenticator().map(Arc::clone) else {
        let refused = login::Response::refused(LoginError::NoLogins);
        return Calling::answered(Ok(Body::new(refused)));
    };
    let username = match &credentials {
        Credentials::Password { username, .. } => Some(username.clone()),
        Credentials::Token(_) => None,
    };
    let place = peer.login().begin();
    let routes = Arc::clone(&core.routes);
    let logging_in: BoxFuture<'static, Answer> = Box::pin(async move {
        let login = guarded(authenticator.login(credentials)).await;
        let response = match login.unwrap_or(Err(LoginError::Unavailable)) {
            Ok(login) => {
                let response = login::Response::of(&login, username);
                if let Err(overtaken) = place.fill(Session::new(login, &routes)) {
                    // Somebody has logged out, or in again, since this began.
                    guarded(authenticator.logout(&overtaken.login)).await;
                    login::Response::refused(LoginError::Unavailable)
                } else {
                    response
                }
            }
            Err(error) => login::Response::refused(error),
        };
        Ok(Body::new(response))
    });
    logging_in.into()
}

fn log_out(core: &Core, peer: &Peer) -> Calling {
    let session = peer.login().clear();
    let (Some(session), Some(authenticator)) = (session, core.authenticator().map(Arc::clone))
    else {
        return Calling::answered(Ok(Body::new(Done { success: true })));
    };
    let logging_out: BoxFuture<'static, Answer> = Box::pin(async move {
        guarded(authenticator.logout(&session.login)).await;
        Ok(Body::new(Done { success: true }))
    });
    logging_out.into()
}

/// What an authenticator says, behind a net: `None` where it panicked.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(said) => Some(said),
        Err(panic) => {
            tracing::error!(error = panic_text(&*panic), "the authenticator panicked");
            None
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
    if register.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > LONGEST_ID) {
        let reason = format!("a clientId has 1 to {LONGEST_ID} bytes");
        return Err(Fault::new(FaultKind::ValidationFailed, reason));
    }
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
    peer.caller().back().met(&Introduction {
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
