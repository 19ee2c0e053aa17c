//! Somebody who acts for others over NATS: as a client that has joined, and with a token beside each
//! message.

use std::time::Duration;

use magicbutton::{
    Actor, Client, Context, DeclaredError, Failure, Received, Reply, Server, ServerBuilder,
    auth::{Credentials, Login, LoginError},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    identity::{Vault, ask, vault, with},
    nats_server,
};

/// `gate` is a gateway, whoever else logs in has no role.
fn serving() -> ServerBuilder {
    Server::builder().serve(vault::serve(Vault)).authenticator(|credentials| match credentials {
        Credentials::Token(name) => {
            let own = if name == "gate" { vec![Actor::ACT_FOR.to_owned()] } else { Vec::new() };
            Ok(Login::new(Actor { permissions: own, ..Actor::new(&name) }))
        }
        _ => Err(LoginError::InvalidCredentials),
    })
}

fn ann(role: &str) -> Context {
    Context::new().act_for(Actor { roles: vec![role.to_owned()], ..Actor::new("ann") })
}

/// The same, as programs write it that know only NATS.
fn ann_by_hand(role: &str) -> String {
    json!({ "auth": { "actor": { "id": "ann", "type": "user", "roles": [role] } } }).to_string()
}

async fn logged_in(url: &str, name: &str) -> vault::Client {
    let client = Client::builder().login(Credentials::token(name)).connect(url).await.unwrap();
    client.typed().unwrap()
}

fn code<T, E: DeclaredError>(reply: Reply<T, E>) -> String {
    match reply {
        Ok(_) => "ok".to_owned(),
        Err(Failure::Fault(fault)) => fault.code().to_owned(),
        Err(Failure::Declared(error)) => error.to_string(),
    }
}

#[tokio::test]
async fn a_gateway_acts_for_whom_it_names_at_every_server() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serving().id("one").bind(url.as_str()).start().await.unwrap();
    let _two = serving().id("two").bind(url.as_str()).start().await.unwrap();
    let gate = logged_in(&url, "gate").await;
    // More often than one of them alone would be asked.
    for _ in 0..20 {
        assert_eq!(gate.whoami().context(ann("owner")).await.unwrap(), "ann by gate");
        assert_eq!(gate.whoami().await.unwrap(), "gate");
        assert_eq!(code(gate.take().context(ann("owner")).await), "ok");
        assert_eq!(code(gate.take().context(ann("visitor")).await), "FORBIDDEN");
        assert_eq!(code(gate.take().await), "FORBIDDEN", "it has no role of its own");
    }
    let mut items = gate.watch().context(ann("owner"));
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    gate.client().logout().await.unwrap();
    let end = timeout(Duration::from_secs(5), items.next()).await.unwrap().unwrap();
    assert_eq!(code(end), "AUTHENTICATION_REQUIRED");
    for _ in 0..20 {
        let told = code(gate.take().context(ann("owner")).await);
        assert_eq!(told, "AUTHENTICATION_REQUIRED");
    }
}

#[tokio::test]
async fn whoever_is_none_acts_for_nobody() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _server = serving().bind(url.as_str()).start().await.unwrap();
    let bob = logged_in(&url, "bob").await;
    assert_eq!(bob.whoami().context(ann("owner")).await.unwrap(), "bob");
    assert_eq!(code(bob.take().context(ann("owner")).await), "FORBIDDEN");
    let nobody: vault::Client = Client::connect(url.as_str()).await.unwrap().typed().unwrap();
    assert_eq!(code(nobody.take().context(ann("owner")).await), "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn a_token_beside_a_message_may_be_a_gateway_s() {
    let Some(engine) = nats_server::start() else { return };
    let (told, mut emitted) = tokio::sync::mpsc::unbounded_channel();
    let server = serving().on(move |event: Received<vault::Opened>| {
        let told = told.clone();
        let id = |actor: Option<&Actor>| actor.map(|actor| actor.id.clone());
        let who = (id(event.context().actor()), id(event.context().gateway()));
        async move {
            told.send((event.by.clone(), who)).unwrap();
            Ok(())
        }
    });
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let headers = |token: &str, role: &str| {
        let mut headers = with("Mb-Token", token);
        headers.insert("Mb-Context", ann_by_hand(role).as_str());
        headers
    };
    let said = async |name, token, role| ask(&nats, name, headers(token, role), json!({})).await;
    assert_eq!(said("whoami", "gate", "owner").await, r#""ann by gate""#);
    assert_eq!(said("take", "gate", "owner").await, r#""gold""#);
    assert_eq!(said("take", "gate", "visitor").await, "FORBIDDEN");
    assert_eq!(said("whoami", "bob", "owner").await, r#""bob""#);
    assert_eq!(said("take", "bob", "owner").await, "FORBIDDEN");
    assert_eq!(ask(&nats, "take", with("Mb-Token", "gate"), json!({})).await, "FORBIDDEN");
    // Both tokens are known by now, so that events are taken in their order.
    for (token, role, by) in
        [("bob", "owner", "bob"), ("gate", "visitor", "a visitor"), ("gate", "owner", "ann")]
    {
        let payload: Value = json!({ "by": by });
        let (subject, headers) = ("mb.vault.v1.emit.opened", headers(token, role));
        nats.publish_with_headers(subject, headers, payload.to_string().into()).await.unwrap();
    }
    let got = timeout(Duration::from_secs(5), emitted.recv()).await.unwrap().unwrap();
    let (ann, gate) = (Some("ann".to_owned()), Some("gate".to_owned()));
    assert_eq!(got, ("ann".to_owned(), (ann, gate)));
}
