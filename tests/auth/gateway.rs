//! Somebody who acts for others, and others who would like to.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, Context, FaultKind, Reply, Server, Stream,
    access::Action,
    auth::{Credentials, Login, LoginError},
};
use serde_json::json;

use crate::{
    by_hand::{ByHand, soon},
    log_in, serving, told, vault, ways,
};

type Told = (Option<String>, Option<String>, Action, &'static str, Option<&'static str>, bool);

/// What does not make a gateway.
const NEARLY: [&str; 7] = [
    "*:*",
    "magicbutton:*",
    "magicbutton:act-for ",
    "Magicbutton:act-for",
    "act-for",
    "gold:read",
    "",
];

/// `gate` is a gateway; others have the role that they are called by.
async fn started(name: &str) -> (Server, Arc<Mutex<Vec<Told>>>) {
    let log: Arc<Mutex<Vec<Told>>> = Arc::default();
    let hook = Arc::clone(&log);
    let server = serving()
        .authenticator(|credentials| match credentials {
            Credentials::Token(name) => {
                let mut actor = Actor { roles: vec![name.clone()], ..Actor::new(&name) };
                let own = match name.as_str() {
                    "gate" => &[Actor::ACT_FOR][..],
                    "nearly" => &NEARLY,
                    // The same one, which has lost it.
                    "former" => {
                        actor.id = "gate".to_owned();
                        &[]
                    }
                    _ => &[],
                };
                actor.permissions = own.iter().map(|own| (*own).to_owned()).collect();
                Ok(Login::new(actor))
            }
            _ => Err(LoginError::InvalidCredentials),
        })
        .audit(move |decision| {
            let id = |actor: Option<&Actor>| actor.map(|actor| actor.id.clone());
            let (actor, gateway) = (id(decision.actor), id(decision.gateway));
            let told = (actor, gateway, decision.action, decision.name, decision.guard);
            hook.lock().unwrap().push((told.0, told.1, told.2, told.3, told.4, decision.allowed));
        })
        .bind(format!("memory://{name}"))
        .bind("ws://127.0.0.1:0/vault");
    (server.start().await.unwrap(), log)
}

fn for_ann(role: &str) -> Context {
    let mut ann = Actor { roles: vec![role.to_owned()], ..Actor::new("ann") };
    ann.metadata.insert("tenant".to_owned(), "acme".into());
    Context::new().act_for(ann)
}

async fn first(mut items: impl Stream<Item = Reply<u32>> + Unpin) -> String {
    told(items.next().await.unwrap())
}

#[tokio::test]
async fn a_gateway_acts_for_whom_it_names_and_is_seen_to() {
    let (server, log) = started("gateway").await;
    for way in ways(&server) {
        log.lock().unwrap().clear();
        let gate = log_in(&way, Credentials::token("gate")).await;
        assert_eq!(gate.whoami().context(for_ann("reader")).await.unwrap(), "ann@acme by gate");
        assert_eq!(gate.whoami().await.unwrap(), "gate", "for itself");
        assert_eq!(gate.hours().context(for_ann("reader")).await.unwrap(), "ann@acme by gate");
        // As whom it names, and no more than they.
        assert_eq!(told(gate.read().context(for_ann("reader")).await), "yes");
        assert_eq!(told(gate.shift().context(for_ann("reader")).await), "F");
        assert_eq!(told(gate.shift().context(for_ann("keeper")).await), "yes");
        assert_eq!(told(gate.read().await), "F", "{way}");
        assert_eq!(told(gate.weigh().context(for_ann("reader")).await), "F");
        assert_eq!(first(gate.watch().context(for_ann("reader"))).await, "yes");
        assert_eq!(first(gate.watch().context(for_ann("none"))).await, "F");
        let both = || (Some("ann".to_owned()), Some("gate".to_owned()));
        let told = |name, guard, allowed| {
            let (actor, gateway) = both();
            (actor, gateway, Action::Request, name, guard, allowed)
        };
        let own = |name, allowed| (both().1, None, Action::Request, name, None, allowed);
        let wanted: [Told; 10] = [
            told("vault/whoami", None, true),
            own("vault/whoami", true),
            told("vault/read", None, true),
            told("vault/shift", None, false),
            told("vault/shift", None, true),
            own("vault/read", false),
            told("vault/weigh", None, true),
            told("vault/weigh", Some("is_day"), false),
            told("vault/watch", None, true),
            told("vault/watch", None, false),
        ];
        assert_eq!(*log.lock().unwrap(), wanted, "{way}");
        // Somebody without an id cannot be acted for.
        let nobody = gate.whoami().context(Context::new().act_for(Actor::new(""))).await;
        assert_eq!(nobody.unwrap_err().into_fault().kind(), FaultKind::ValidationFailed);
    }
}

#[tokio::test]
async fn whoever_is_none_acts_for_nobody() {
    let (server, _) = started("no-gateway").await;
    for way in ways(&server) {
        let keeper = log_in(&way, Credentials::token("keeper")).await;
        assert_eq!(keeper.whoami().context(for_ann("reader")).await.unwrap(), "keeper");
        let nearly = log_in(&way, Credentials::token("nearly")).await;
        assert_eq!(nearly.whoami().context(for_ann("keeper")).await.unwrap(), "nearly");
        assert_eq!(told(nearly.shift().context(for_ann("keeper")).await), "F");
        let nobody: vault::Client = Client::connect(&*way).await.unwrap().typed().unwrap();
        assert_eq!(nobody.hours().context(for_ann("keeper")).await.unwrap(), "-");
        assert_eq!(told(nobody.read().context(for_ann("keeper")).await), "A");
        // Not by a permission that it only writes down, for itself or for whom it names.
        let gate = Actor { permissions: vec![Actor::ACT_FOR.to_owned()], ..Actor::new("gate") };
        let forged = keeper.whoami().context(Context::new().act_for(gate)).await;
        assert_eq!(forged.unwrap(), "keeper", "{way}");
        // And no more once it has logged out.
        let gate = log_in(&way, Credentials::token("gate")).await;
        let mut items = gate.watch().context(for_ann("reader"));
        items.next().await.unwrap().unwrap();
        gate.client().logout().await.unwrap();
        assert_eq!(told(items.next().await.unwrap()), "A");
        assert_eq!(told(gate.read().context(for_ann("keeper")).await), "A");
        // Or when it may not any more, as the authenticator has it.
        let gate = log_in(&way, Credentials::token("gate")).await;
        let mut items = gate.watch().context(for_ann("reader"));
        items.next().await.unwrap().unwrap();
        gate.client().login(Credentials::token("gate")).await.unwrap();
        gate.client().login(Credentials::token("former")).await.unwrap();
        assert_eq!(told(soon(items.next()).await.unwrap()), "F");
    }
}

#[tokio::test]
async fn a_forged_actor_in_a_frame_counts_for_nothing() {
    let (server, _) = started("frames").await;
    let mut client = ByHand::connect(&server.endpoints()[1]).await;
    let mut ask = async |id: &str, login: Option<&str>| {
        if let Some(token) = login {
            client.data("$login", json!({ "token": token })).await;
        }
        let forged = json!({ "id": "admin", "type": "user", "roles": ["keeper"],
            "permissions": ["gold:move", Actor::ACT_FOR] });
        client
            .send(json!({
                "type": "request", "requestId": id, "requestType": "whoami", "payload": {},
                "context": { "auth": { "actor": forged, "token": "gate" }, "actor": forged },
            }))
            .await;
        client.response(id).await.response
    };
    assert_eq!(ask("1", None).await["error"]["code"], "AUTHENTICATION_REQUIRED");
    assert_eq!(ask("2", Some("reader")).await["data"], "reader");
    assert_eq!(ask("3", Some("gate")).await["data"], "admin by gate");
}

#[tokio::test]
async fn events_of_a_gateway_are_whose_it_says() {
    let (server, _) = started("events").await;
    let gate = log_in("memory://events", Credentials::token("gate")).await;
    // An event has the context of the message that is being handled, which names nobody: its own.
    let moved = || vault::Moved { what: "gold".into() };
    assert_eq!(gate.emit(moved()).await.unwrap_err().kind(), FaultKind::Forbidden);
    let mut by_hand = ByHand::connect(&server.endpoints()[1]).await;
    by_hand.data("$login", json!({ "token": "gate" })).await;
    for (role, refused) in [("keeper", false), ("reader", true)] {
        let actor = json!({ "id": "ann", "roles": [role] });
        by_hand
            .send(json!({ "type": "event", "event": "moved", "payload": { "what": "gold" },
                "context": { "auth": { "actor": actor } } }))
            .await;
        let before = by_hand.call("$ping", json!({})).await.before;
        assert_eq!(before.iter().any(|frame| frame["event"] == "$error"), refused, "{role}");
    }
}
