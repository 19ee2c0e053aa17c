//! What somebody may try who is not who they say. All of it is refused. Beside these: events and roles
//! of others, in `tests/access.rs`; passwords, in `throttle.rs` and `users.rs`.

use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use magicbutton::{
    Actor, Client, Endpoint, FaultKind,
    access::Action,
    auth::{Authenticator, Credentials, Jwt, JwtKeys, Login, LoginError},
};
use serde_json::json;

use crate::{Asked, by_hand::ByHand, log_in, serving, tokens::*, told, users::users, vault, ways};

/// The parts of a token.
fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn hs256_by(secret: &[u8]) -> String {
    sign(Algorithm::HS256, &EncodingKey::from_secret(secret), &claims())
}

/// Tokens that are not good, for a server that takes those of the RSA key.
fn bad_tokens() -> Vec<(&'static str, String)> {
    let good = rs256(&claims());
    let [header, payload, signature] = parts(&good);
    let [_, keepers, _] = parts(&rs256(&with("roles", json!(["keeper"]))));
    let other = |claims| sign(Algorithm::RS256, &other_rsa(), &claims);
    let mut critical = Header { crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::RS256) };
    critical.kid = Some("rsa".into());
    let mut flipped = signature.clone().into_bytes();
    flipped[10] = if flipped[10] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let der: &[u8] = include_bytes!("keys/rsa.der");
    vec![
        ("no algorithm, no signature", format!("{NONE}.{payload}.")),
        ("no algorithm, and a signature", format!("{NONE}.{payload}.{signature}")),
        ("no algorithm, two parts", format!("{NONE}.{payload}")),
        ("signed with the public key as a secret", hs256_by(RSA_PUBLIC.as_bytes())),
        ("the same, trimmed", hs256_by(RSA_PUBLIC.trim().as_bytes())),
        ("the same, as its bytes", hs256_by(der)),
        ("signed with a secret", hs256(&claims())),
        ("signed with an empty secret", hs256_by(b"")),
        ("another hash", sign(Algorithm::RS512, &rsa(), &claims())),
        ("another padding", sign(Algorithm::PS256, &rsa(), &claims())),
        ("another kind of key", sign(Algorithm::EdDSA, &ed25519(), &claims())),
        ("wrong key", other(claims())),
        ("wrong key, and expired", other(with("exp", 1.into()))),
        ("tampered: roles of others", format!("{header}.{keepers}.{signature}")),
        ("tampered: signature", format!("{header}.{payload}.{flipped}")),
        ("tampered: no signature", format!("{header}.{payload}.")),
        ("tampered: more", format!("{good}.{signature}")),
        ("tampered: padded", format!("{good}=")),
        ("wrong audience", rs256(&with("aud", "till".into()))),
        ("wrong audiences", rs256(&with("aud", json!(["till", "Vault", "vault "])))),
        ("no audience", rs256(&without("aud"))),
        ("an audience that is none", rs256(&with("aud", json!({ "vault": true })))),
        ("wrong issuer", rs256(&with("iss", "https://login.example.evil".into()))),
        ("no issuer", rs256(&without("iss"))),
        ("no end", rs256(&without("exp"))),
        ("an end that is none", rs256(&with("exp", "tomorrow".into()))),
        ("an end before all time", rs256(&with("exp", (-1).into()))),
        ("not yet", rs256(&with("nbf", (now() + 600).into()))),
        ("a beginning that is none", rs256(&with("nbf", "yesterday".into()))),
        ("nobody's", rs256(&without("sub"))),
        ("of nobody", rs256(&with("sub", "".into()))),
        ("of no text", rs256(&with("sub", 7.into()))),
        ("an extension that must be understood", encode(&critical, &claims(), &rsa()).unwrap()),
        ("no token", "let me in".to_owned()),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("too long", format!("{good}{}", "A".repeat(20_000))),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_good_lets_nobody_in() {
    let set = JwtKeys::jwks(&jwks()).unwrap();
    for (of, jwt) in [("a key", of_rsa()), ("a set", Jwt::new(set, ISSUER, AUDIENCE))] {
        for (what, token) in bad_tokens() {
            let refused = jwt.verify(&token).await.err();
            assert_eq!(refused, Some(LoginError::InvalidToken), "{of}: {what}");
        }
        let long_ago = jwt.verify(&rs256(&with("exp", (now() - 3600).into()))).await.err();
        assert_eq!(long_ago, Some(LoginError::TokenExpired), "{of}");
        jwt.verify(&rs256(&claims())).await.expect("and the good one does");
    }
    // Of a set, the key that is named counts, and one has to be.
    let set = Jwt::new(JwtKeys::jwks(&jwks()).unwrap(), ISSUER, AUDIENCE);
    for name in [None, Some("old"), Some("ed"), Some("unknown"), Some("")] {
        let header = Header { kid: name.map(str::to_owned), ..Header::new(Algorithm::RS256) };
        let refused = set.verify(&encode(&header, &claims(), &rsa()).unwrap()).await.err();
        assert_eq!(refused, Some(LoginError::InvalidToken), "{name:?}");
    }
}

#[tokio::test]
async fn over_every_way_a_bad_token_leaves_the_client_nobody() {
    let server = serving().authenticator(of_rsa()).bind("memory://bad-tokens");
    let server = server.bind("ws://127.0.0.1:0/vault").start().await.unwrap();
    for way in ways(&server) {
        for (what, token) in bad_tokens() {
            let client = Client::connect(&*way).await.unwrap();
            let refused = client.login(Credentials::token(token)).await.unwrap_err();
            assert_eq!(refused.kind(), FaultKind::InvalidToken, "{what}");
            assert_eq!(client.logged_in(), None);
            let vault: vault::Client = client.typed().unwrap();
            assert_eq!(told(vault.read().await), "A", "{what}");
        }
    }
}

/// A login that fails takes nothing from who was logged in before, and gives them nothing.
#[tokio::test]
async fn a_bad_token_after_a_good_one_changes_nothing() {
    let server = serving().authenticator(of_rsa()).bind("memory://after");
    let _server = server.start().await.unwrap();
    let client = log_in("memory://after", Credentials::token(rs256(&claims()))).await;
    let keepers = sign(Algorithm::HS256, &secret(), &with("roles", json!(["keeper"])));
    client.client().login(Credentials::token(keepers)).await.unwrap_err();
    assert_eq!((told(client.read().await), told(client.shift().await)), ("yes".into(), "F".into()));
}

#[tokio::test]
async fn the_token_of_a_session_that_was_logged_out_is_good_for_nothing() {
    let server = serving().authenticator(users()).bind("memory://logged-out");
    let server = server.bind("ws://127.0.0.1:0/vault").start().await.unwrap();
    for way in ways(&server) {
        let client = log_in(&way, Credentials::password("ann", "ann's")).await;
        let token = client.client().logged_in().unwrap().token.unwrap();
        client.client().logout().await.unwrap();
        let thief = Client::connect(&*way).await.unwrap();
        let refused = thief.login(Credentials::token(token)).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::InvalidToken);
    }
}

async fn by_hand(endpoint: &Endpoint, id: &str, who: Option<&str>) -> (ByHand, String) {
    let mut client = ByHand::connect(endpoint).await;
    let registered = client.data("$register", json!({ "clientId": id })).await;
    if let Some(who) = who {
        client.data("$login", json!({ "username": who, "password": who })).await;
    }
    (client, registered["connectionId"].as_str().unwrap().to_owned())
}

async fn with_readers() -> (magicbutton::Server, Endpoint) {
    let reader =
        |name: &str| Login::new(Actor { roles: vec!["reader".into()], ..Actor::new(name) });
    let server = serving().authenticator(Asked::default().authenticator(reader));
    let server = server.bind("ws://127.0.0.1:0/vault").start().await.unwrap();
    let endpoint = server.endpoints()[0].clone();
    (server, endpoint)
}

#[tokio::test]
async fn nobody_speaks_for_another_client() {
    let (server, endpoint) = with_readers().await;
    let (mut ann, connection) = by_hand(&endpoint, "anns", Some("ann")).await;
    let (mut eve, own) = by_hand(&endpoint, "eves", Some("eve")).await;
    for payload in [
        json!({ "clientId": "anns", "connectionId": connection }),
        json!({ "clientId": "anns" }),
        json!({ "clientId": "anns", "connectionId": own }),
        json!({ "clientId": "eves", "connectionId": connection }),
    ] {
        assert_eq!(eve.code("$unregister", payload).await, "FORBIDDEN");
    }
    let events = json!({ "clientId": "anns", "events": ["moved"] });
    assert_eq!(eve.code("$subscribe", events).await, "FORBIDDEN");
    let own_events = json!({ "clientId": "anns", "events": ["moved"] });
    let subscription = ann.data("$subscribe", own_events).await["subscriptionId"].clone();
    let taken = json!({ "clientId": "anns", "subscriptionId": subscription });
    assert_eq!(eve.code("$unsubscribe", taken.clone()).await, "FORBIDDEN");
    // Not by leaving the name out either: numbers are a connection's own.
    eve.data("$unsubscribe", json!({ "subscriptionId": subscription })).await;
    assert_eq!(server.clients().len(), 2, "both are still there");
    server.broadcast(vault::Moved { what: "gold".into() }).await.unwrap();
    ann.event("moved").await;
    // What nobody has is a client's own business: some do not know the id that the server made.
    let mut guest = ByHand::connect(&endpoint).await;
    guest.data("$subscribe", json!({ "clientId": "whoever", "events": ["$connected"] })).await;
    guest.data("$unregister", json!({ "clientId": "whoever", "connectionId": "none" })).await;
    ann.data("$unsubscribe", taken).await;
    ann.data("$unregister", json!({ "clientId": "anns", "connectionId": connection })).await;
}

#[tokio::test]
async fn a_client_id_is_whose_who_is_logged_in_under_it() {
    let (_server, endpoint) = with_readers().await;
    let (mut ann, _) = by_hand(&endpoint, "anns", Some("ann")).await;
    // Whoever is somebody else cannot take the id, in either order.
    let mut eve = ByHand::connect(&endpoint).await;
    eve.data("$login", json!({ "username": "eve", "password": "eve" })).await;
    let taken = eve.error("$register", json!({ "clientId": "anns" })).await;
    assert_eq!((&taken["code"], &taken["retryable"]), (&json!("FORBIDDEN"), &json!(true)));
    let (mut mallory, _) = by_hand(&endpoint, "anns", None).await;
    let login = json!({ "username": "mallory", "password": "mallory" });
    let taken = mallory.error("$login", login).await;
    assert_eq!((&taken["code"], &taken["retryable"]), (&json!("FORBIDDEN"), &json!(true)));
    assert_eq!(mallory.code("whoami", json!({})).await, "AUTHENTICATION_REQUIRED");
    // Ann on another connection may: she has lost the first one, and the server does not know yet.
    let (mut again, _) = by_hand(&endpoint, "anns", Some("ann")).await;
    // What is sent to the id goes to her, and not to who only says that it is theirs.
    let (mut bob, _) = by_hand(&endpoint, "bobs", Some("bob")).await;
    bob.data("tell", json!({ "clientId": "anns" })).await;
    assert_eq!(ann.event("hint").await["payload"]["what"], "bob");
    assert_eq!(again.event("hint").await["payload"]["what"], "bob");
    mallory.nothing().await;
    // Registered before her, it is still hers: he is not logged in.
    let (mut squatter, _) = by_hand(&endpoint, "carls", None).await;
    let (mut carl, _) = by_hand(&endpoint, "carls", Some("carl")).await;
    bob.data("tell", json!({ "clientId": "carls" })).await;
    carl.event("hint").await;
    squatter.nothing().await;
}

/// Each on a thread of its own: neither is there yet when the other is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_log_in_at_the_same_time_do_not_both_get_a_client_id() {
    // With so many permissions that it takes its time to weigh them.
    let permissions: Vec<_> = (0..2_000).map(|n| format!("gold:{n}")).collect();
    let somebody = move |name: &str| {
        Login::new(Actor { permissions: permissions.clone(), ..Actor::new(name) })
    };
    let server = serving().authenticator(Asked::default().authenticator(somebody));
    let _server = server.bind("memory://twins").start().await.unwrap();
    let home = tokio::runtime::Handle::current();
    for _ in 0..1_000 {
        let start = std::sync::Barrier::new(2);
        let (start, home) = (&start, &home);
        let log_in = move |who: &str| {
            let builder = Client::builder().id("one");
            home.block_on(async {
                let client = builder.connect("memory://twins").await.unwrap();
                start.wait();
                let login = client.login(Credentials::password(who, who)).await;
                // Both are still there when both are done.
                start.wait();
                login.map_err(|fault| (fault.kind(), fault.is_retryable())).map(drop)
            })
        };
        let both = std::thread::scope(|scope| {
            let both = ["ann", "eve"].map(|who| scope.spawn(move || log_in(who)));
            both.map(|one| one.join().unwrap())
        });
        let refused = Err((FaultKind::Forbidden, true));
        assert!(both == [Ok(()), refused] || both == [refused, Ok(())], "{both:?}");
    }
}

/// Where there are logins.
#[tokio::test]
async fn strangers_do_not_learn_who_comes_and_goes() {
    let (_server, endpoint) = with_readers().await;
    let mut stranger = ByHand::connect(&endpoint).await;
    let events = json!({ "events": ["$connected", "$disconnected"] });
    stranger.data("$subscribe", events).await;
    let (mut ann, connection) = by_hand(&endpoint, "anns", Some("ann")).await;
    ann.data("$unregister", json!({ "clientId": "anns", "connectionId": connection })).await;
    stranger.nothing().await;
    // What was asked for is there once somebody has logged in, and not beyond that.
    stranger.data("$login", json!({ "username": "bob", "password": "bob" })).await;
    let (_ann, connection) = by_hand(&endpoint, "anns", Some("ann")).await;
    assert_eq!(stranger.event("$connected").await["payload"]["connectionId"], connection);
    stranger.data("$logout", json!({})).await;
    drop(by_hand(&endpoint, "bobs", None).await);
    stranger.nothing().await;
}

#[test]
fn what_somebody_shows_shows_nowhere() {
    let auth = magicbutton::Auth { token: Some("s3cret".into()), actor: Some(Actor::new("ann")) };
    let login = Login { token: Some("s3cret".into()), ..Login::new(Actor::new("ann")) };
    let shown = [Credentials::password("ann", "s3cret"), Credentials::token("s3cret")];
    let text = format!("{auth:?} {login:?} {shown:?}");
    assert!(text.contains("ann") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_stream_is_of_whoever_asked_for_it_even_if_it_is_read_later() {
    let (_server, endpoint) = with_readers().await;
    let mut client = ByHand::connect(&endpoint).await;
    let login = |who: &str| json!({ "username": who, "password": who });
    client.data("$login", login("ann")).await;
    // Nothing is made of it before there is credit.
    let watch = json!({ "type": "request", "requestId": "s", "requestType": "watch" });
    client.send(watch).await;
    client.data("$logout", json!({})).await;
    client.data("$login", login("eve")).await;
    client.send(json!({ "type": "credit", "requestId": "s", "n": 1 })).await;
    let answer = client.try_next().await.unwrap();
    assert_eq!(answer["error"]["code"], "FORBIDDEN", "{answer}");
}

/// However little lies between the two: the audit hears of the request when it has been let in, and
/// before there is a stream.
#[tokio::test]
async fn whoever_logs_in_while_a_stream_is_opened_does_not_read_it() {
    let eve: Arc<OnceLock<Client>> = Arc::default();
    let on_the_way = Arc::clone(&eve);
    let reader =
        |name: &str| Login::new(Actor { roles: vec!["reader".into()], ..Actor::new(name) });
    let server = serving()
        .authenticator(Asked::default().authenticator(reader))
        .audit(move |decision| {
            if let (Action::Request, Some(client)) = (decision.action, on_the_way.get()) {
                let login = client.login(Credentials::token("t-eve")).now_or_never();
                assert_eq!(login.unwrap().unwrap().user_id, "eve");
            }
        })
        .bind("memory://between");
    let _server = server.start().await.unwrap();
    let client = log_in("memory://between", Credentials::token("t-ann")).await;
    eve.get_or_init(|| client.client().clone());
    let mut items = client.watch();
    assert_eq!(told(items.next().await.unwrap()), "F");
    assert!(items.next().await.is_none());
}
