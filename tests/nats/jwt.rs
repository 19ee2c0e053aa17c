//! JSON Web Tokens over NATS: each server checks them by itself, none of them tells the others.

use std::time::Duration;

use magicbutton::{Client, Server, auth::Credentials};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    identity::{Vault, ask, vault, with},
    nats_server,
    tokens::{claims, hs256, now, of_rsa, of_secret, rs256, with as claim},
};

/// Two servers that have nothing in common but the key.
async fn both(url: &str) -> [Server; 2] {
    let start = async |name: &str| {
        let server = Server::builder().id(name).serve(vault::serve(Vault));
        let jwt = of_secret().leeway(Duration::ZERO);
        server.authenticator(jwt).bind(url).start().await.unwrap()
    };
    [start("one").await, start("two").await]
}

/// What is said of a token, often enough that both servers were asked.
async fn of_both(nats: &async_nats::Client, token: &str) -> String {
    let said = ask(nats, "whoami", with("Mb-Token", token), json!({})).await;
    for _ in 0..40 {
        assert_eq!(ask(nats, "whoami", with("Mb-Token", token), json!({})).await, said);
    }
    said
}

fn owner(name: &str) -> Value {
    let mut claims = claims();
    claims["sub"] = name.into();
    claims["roles"] = json!(["owner"]);
    claims
}

#[tokio::test]
async fn a_good_token_is_good_at_every_server_and_a_bad_one_at_none() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _both = both(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let ann = Client::builder().login(Credentials::token(hs256(&owner("ann"))));
    let ann: vault::Client = ann.connect(url.as_str()).await.unwrap().typed().unwrap();
    for _ in 0..20 {
        assert_eq!(ann.whoami().await.unwrap(), "ann");
        assert_eq!(ann.take().await.unwrap(), "gold");
    }
    assert_eq!(of_both(&nats, &hs256(&owner("bob"))).await, r#""bob""#);
    let good = hs256(&claims());
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = head.split_once('.').unwrap();
    let tampered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let unsigned = format!("{}.{payload}.", crate::tokens::NONE);
    for (bad, code) in [
        (hs256(&claim("aud", "other".into())), "INVALID_TOKEN"),
        (hs256(&claim("iss", "https://evil.example".into())), "INVALID_TOKEN"),
        (hs256(&claim("exp", (now() - 60).into())), "TOKEN_EXPIRED"),
        (rs256(&claims()), "INVALID_TOKEN"),
        (tampered, "INVALID_TOKEN"),
        (unsigned, "INVALID_TOKEN"),
    ] {
        assert_eq!(of_both(&nats, &bad).await, code, "{bad}");
        let refused = Client::builder().login(Credentials::token(bad)).connect(url.as_str()).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn whoever_logs_out_takes_the_token_along_from_every_server() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _both = both(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let token = hs256(&owner("ann"));
    let ann = Client::connect(url.as_str()).await.unwrap();
    ann.login(Credentials::token(token.clone())).await.unwrap();
    ann.logout().await.unwrap();
    assert_eq!(of_both(&nats, &token).await, "INVALID_TOKEN");
    // As a program that has not joined does: at servers that know the token, and one that may not.
    let token = hs256(&owner("bob"));
    assert_eq!(ask(&nats, "whoami", with("Mb-Token", &token), json!({})).await, r#""bob""#);
    let logout = with("Mb-Token", &token);
    nats.publish_with_headers("mb.$sys.all.logout", logout, "".into()).await.unwrap();
    nats.flush().await.unwrap();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(of_both(&nats, &token).await, "INVALID_TOKEN");
    assert_eq!(of_both(&nats, &hs256(&owner("cy"))).await, r#""cy""#, "others are as good as ever");
}

#[tokio::test]
async fn a_login_ends_with_its_token_at_every_server() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _both = both(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let mut claims = owner("ann");
    claims["exp"] = (now() + 4).into();
    let token = hs256(&claims);
    let ann = Client::connect(url.as_str()).await.unwrap();
    ann.login(Credentials::token(token.clone())).await.unwrap();
    assert_eq!(of_both(&nats, &token).await, r#""ann""#);
    let ann: vault::Client = ann.typed().unwrap();
    let mut items = ann.watch();
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let end = timeout(Duration::from_secs(8), items.next()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(end.code(), "AUTHENTICATION_REQUIRED");
    for _ in 0..20 {
        assert_eq!(ann.whoami().await.unwrap_err().code(), "AUTHENTICATION_REQUIRED");
    }
    // Tokens know whole seconds.
    sleep(Duration::from_secs(1)).await;
    assert_eq!(of_both(&nats, &token).await, "TOKEN_EXPIRED");
}

#[tokio::test]
async fn servers_of_another_key_let_nobody_in() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let server = Server::builder().serve(vault::serve(Vault)).authenticator(of_rsa());
    let _server = server.bind(url.as_str()).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    assert_eq!(of_both(&nats, &rs256(&claims())).await, r#""ann""#);
    assert_eq!(of_both(&nats, &hs256(&claims())).await, "INVALID_TOKEN");
}
