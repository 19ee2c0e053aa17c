//! Who somebody is on a bus that everybody may use: what a stranger forges on the raw wire, and what a
//! token is worth that travels with a message.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_nats::{HeaderMap, Message};
use async_trait::async_trait;
use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, Context, Reply, Server, Stream,
    auth::{Authenticator, Credentials, Login, LoginError},
    contract,
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::nats_server;

contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        #[roles]
        enum Role {
            #[grants("gold:take")]
            Owner,
        }

        #[event]
        #[access("gold:take")]
        struct Opened {
            by: String,
        }

        #[request]
        #[access(authenticated)]
        async fn whoami() -> String;

        #[request]
        #[access("gold:take")]
        async fn take() -> String;

        #[request]
        #[access("gold:take")]
        fn watch() -> impl Stream<Item = u32>;

        #[request]
        #[access(public)]
        async fn echo(order: String) -> String;
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod keyring {
        #[request]
        async fn which() -> String;
    }
);

pub struct Vault;

impl vault::Service for Vault {
    async fn whoami(&self, cx: &Context) -> Reply<String> {
        let through = cx.gateway().map(|gateway| format!(" by {}", gateway.id));
        Ok(cx.require_actor()?.id.clone() + &through.unwrap_or_default())
    }

    async fn take(&self, cx: &Context) -> Reply<String> {
        let keys: Result<keyring::Client, _> = cx.require_caller()?.client();
        match keys {
            Ok(keys) => Ok(keys.which().await.map_err(magicbutton::Failure::into_fault)?),
            Err(_) => Ok("gold".to_owned()),
        }
    }

    fn watch(&self, _: &Context) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter([Ok(1)]).chain(futures_util::stream::pending())
    }

    async fn echo(&self, _: &Context, order: String) -> Reply<String> {
        Ok(order)
    }
}

struct Keyring;

impl keyring::Service for Keyring {
    async fn which(&self, _: &Context) -> Reply<String> {
        sleep(Duration::from_millis(300)).await;
        Ok("the right one".to_owned())
    }
}

/// A server whose authenticator counts how often it was asked.
pub async fn serve(url: &str) -> (Server, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let server = Server::builder().serve(vault::serve(Vault)).authenticator(move |credentials| {
        counting.fetch_add(1, Ordering::SeqCst);
        let Credentials::Token(token) = credentials else {
            return Err(LoginError::InvalidCredentials);
        };
        let name = token.strip_prefix("t-").ok_or(LoginError::InvalidToken)?;
        let soon = name == "brief";
        let login = Login::new(Actor { roles: vec!["owner".into()], ..Actor::new(name) });
        Ok(Login {
            expires_at: soon.then(|| SystemTime::now() + Duration::from_millis(400)),
            ..login
        })
    });
    (server.bind(url).start().await.unwrap(), asked)
}

async fn ada(url: &str) -> vault::Client {
    let ada =
        Client::builder().id("ada").serve(keyring::serve(Keyring)).connect(url).await.unwrap();
    ada.login(Credentials::token("t-ada")).await.unwrap();
    ada.typed().unwrap()
}

pub fn with(name: &str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value);
    headers
}

/// Sends a request as somebody by hand, and says what came back: a code, or the payload.
pub async fn ask(
    nats: &async_nats::Client,
    name: &str,
    headers: HeaderMap,
    payload: Value,
) -> String {
    let subject = format!("mb.vault.v1.req.{name}");
    let asked = nats.request_with_headers(subject, headers, payload.to_string().into());
    said(&timeout(Duration::from_secs(5), asked).await.unwrap().unwrap())
}

pub fn said(answer: &Message) -> String {
    let headers = answer.headers.as_ref();
    let code = headers.and_then(|headers| headers.get("Mb-Error"));
    code.map_or_else(
        || String::from_utf8_lossy(&answer.payload).into_owned(),
        |code| code.as_str().to_owned(),
    )
}

#[tokio::test]
async fn writing_somebody_s_id_makes_nobody_them() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, _) = serve(&url).await;
    let ada = ada(&url).await;
    assert_eq!(ada.whoami().await.unwrap(), "ada");
    let eve = async_nats::connect(engine.address()).await.unwrap();
    // By context, by headers, by a joining under her id.
    let context = json!({
        "auth": { "actor": { "id": "ada", "type": "user", "roles": ["owner"] } },
        "clientId": "ada", "source": "ada",
    });
    for headers in [
        with("Mb-Context", &context.to_string()),
        with("Mb-From", "ada"),
        with("Mb-Token", "ada"),
        with("Mb-Name", "vault/whoami"),
    ] {
        let told = ask(&eve, "take", headers.clone(), json!({})).await;
        let refused = ["AUTHENTICATION_REQUIRED", "INVALID_TOKEN", "VALIDATION_FAILED"];
        assert!(refused.contains(&told.as_str()), "{headers:?}: {told}");
    }
    let inbox = eve.new_inbox();
    let mut answers = eve.subscribe(format!("{inbox}.*")).await.unwrap();
    let join = json!({ "clientId": "ada", "connection": "x", "maxMessage": 1_000_000 });
    let door = "mb.$sys.door.join";
    eve.publish_with_reply(door, format!("{inbox}.join"), join.to_string().into()).await.unwrap();
    let joined = answers.next().await.unwrap();
    assert!(said(&joined).contains(r#""clientId":"ada""#));
    let subject = "mb.vault.v1.req.take";
    eve.publish_with_reply(subject, format!("{inbox}.mb_0_1"), "{}".into()).await.unwrap();
    assert_eq!(said(&answers.next().await.unwrap()), "AUTHENTICATION_REQUIRED");
    // As a guess of her inbox, or of a server's other side of it.
    for reply in ["_INBOX.ada.mb_0_1", "_INBOX.mb_0_1", "mb_0_1", "_INBOX..mb_0_1"] {
        let _ = eve.publish_with_reply(subject, reply, "{}".into()).await;
    }
    assert_eq!(ada.whoami().await.unwrap(), "ada");
}

#[tokio::test]
async fn who_emits_what_they_may_not_is_told() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, _) = serve(&url).await;
    let client = Client::connect(url.as_str()).await.unwrap();
    let mut errors = client.errors();
    client.emit(vault::Opened { by: "eve".into() }).await.unwrap();
    let told = timeout(Duration::from_secs(5), errors.next()).await.unwrap().unwrap();
    assert_eq!(told.code(), "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn an_answer_is_never_an_event_or_a_request() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (server, _) = serve(&url).await;
    let ada = ada(&url).await;
    let mut opened = ada.subscribe::<vault::Opened>().await.unwrap();
    let eve = async_nats::connect(engine.address()).await.unwrap();
    let mut all = eve.subscribe("mb.vault.v1.evt.*").await.unwrap();
    for reply in ["mb.vault.v1.evt.opened", "mb.vault.v1.req.take", "mb.$sys.clients.up"] {
        let order = json!({ "order": "forged" }).to_string();
        eve.publish_with_reply("mb.vault.v1.req.echo", reply, order.into()).await.unwrap();
    }
    eve.flush().await.unwrap();
    ada.echo("x".into()).await.unwrap();
    server.broadcast(vault::Opened { by: "real".into() }).await.unwrap();
    let first = timeout(Duration::from_secs(5), all.next()).await.unwrap().unwrap();
    assert_eq!(first.payload, r#"{"by":"real"}"#);
    assert_eq!(opened.next().await.unwrap().by, "real");
}

#[tokio::test]
async fn nobody_answers_for_somebody_else() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, _) = serve(&url).await;
    let ada = ada(&url).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    // Eve has seen where the server wants its answers: what stands before its last two tokens.
    let mut asked = eve.subscribe("mb.$to.ada.*.do.req").await.unwrap();
    eve.flush().await.unwrap();
    let taking = tokio::spawn({
        let ada = ada.clone();
        async move { ada.take().await }
    });
    let reply = timeout(Duration::from_secs(5), asked.next()).await.unwrap().unwrap();
    let reply = reply.reply.unwrap().to_string();
    let tokens: Vec<_> = reply.split('.').collect();
    let base = tokens[..tokens.len() - 2].join(".");
    // By the numbers that one may count up, and by the barriers that a server waits for.
    for number in (0..200).map(|number| number.to_string()).chain(["barrier".to_owned()]) {
        for key in ["mb_0_0", "mb_0_1", "mb_0_2", "1", "2", "3", "1000"] {
            let forged = r#""the wrong one""#;
            eve.publish(format!("{base}.{number}.{key}"), forged.into()).await.unwrap();
        }
    }
    eve.flush().await.unwrap();
    assert_eq!(taking.await.unwrap().unwrap(), "the right one");
}

#[tokio::test]
async fn a_token_travels_with_a_message_and_is_remembered_for_a_while() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_one, asked_one) = serve(&url).await;
    let (_two, asked_two) = serve(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let asked = || asked_one.load(Ordering::SeqCst) + asked_two.load(Ordering::SeqCst);
    let bob = || with("Mb-Token", "t-bob");
    for _ in 0..40 {
        assert_eq!(ask(&nats, "whoami", bob(), json!({})).await, r#""bob""#);
    }
    assert_eq!(asked(), 2, "each server asks once");
    assert_eq!(ask(&nats, "take", with("Mb-Token", "t-cy"), json!({})).await, r#""gold""#);
    assert_eq!(ask(&nats, "whoami", HeaderMap::new(), json!({})).await, "AUTHENTICATION_REQUIRED");
    for wrong in ["bob", "", "t", "T-bob"] {
        let told = ask(&nats, "whoami", with("Mb-Token", wrong), json!({})).await;
        assert_eq!(told, "INVALID_TOKEN", "{wrong:?}");
    }
    let long = "t-".to_owned() + &"x".repeat(9_000);
    let told = ask(&nats, "whoami", with("Mb-Token", &long), json!({})).await;
    assert_eq!(told, "VALIDATION_FAILED");
    // Logged out, it is asked about again.
    let before = asked();
    nats.publish_with_headers("mb.$sys.all.logout", bob(), "".into()).await.unwrap();
    for _ in 0..40 {
        assert_eq!(ask(&nats, "whoami", bob(), json!({})).await, r#""bob""#);
    }
    assert_eq!(asked() - before, 2);
}

#[tokio::test]
async fn of_a_token_that_many_messages_show_at_once_it_is_asked_once() {
    let Some(engine) = nats_server::start() else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let slow = Slow(Arc::clone(&asked));
    let server = Server::builder().serve(vault::serve(Vault)).authenticator(slow);
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    for (token, said) in [("t-bob", r#""bob""#), ("bob", "INVALID_TOKEN")] {
        let before = asked.load(Ordering::SeqCst);
        let asking = (0..200).map(|_| ask(&nats, "whoami", with("Mb-Token", token), json!({})));
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.iter().all(|answer| answer == said), "{answers:?}");
        assert_eq!(asked.load(Ordering::SeqCst) - before, 1);
    }
}

/// Takes its time.
struct Slow(Arc<AtomicUsize>);

#[async_trait]
impl Authenticator for Slow {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(300)).await;
        match credentials {
            Credentials::Token(token) if token == "t-bob" => Ok(Login::new(Actor::new("bob"))),
            _ => Err(LoginError::InvalidToken),
        }
    }
}

#[tokio::test]
async fn a_token_travels_with_an_event_too() {
    let Some(engine) = nats_server::start() else { return };
    let (told, mut emitted) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::builder()
        .serve(vault::serve(Vault))
        .authenticator(|credentials| match credentials {
            Credentials::Token(token) if token == "t-bob" => {
                Ok(Login::new(Actor { roles: vec!["owner".into()], ..Actor::new("bob") }))
            }
            _ => Err(LoginError::InvalidToken),
        })
        .on(move |event: magicbutton::Received<vault::Opened>| {
            let told = told.clone();
            let who = event.context().actor().map(|actor| actor.id.clone());
            async move {
                told.send((event.by.clone(), who)).unwrap();
                Ok(())
            }
        });
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let subject = "mb.vault.v1.emit.opened";
    for (token, by) in [("t-eve", "eve"), ("t-bob", "first"), ("t-bob", "second")] {
        let payload = json!({ "by": by }).to_string();
        let headers = with("Mb-Token", token);
        nats.publish_with_headers(subject, headers, payload.into()).await.unwrap();
        // Asked about once it is known.
        ask(&nats, "whoami", with("Mb-Token", token), json!({})).await;
    }
    nats.publish(subject, r#"{"by":"nobody"}"#.into()).await.unwrap();
    for by in ["first", "second"] {
        let got = timeout(Duration::from_secs(5), emitted.recv()).await.unwrap().unwrap();
        assert_eq!(got, (by.to_owned(), Some("bob".to_owned())));
    }
    assert!(timeout(Duration::from_millis(200), emitted.recv()).await.is_err());
}

#[tokio::test]
async fn a_token_that_is_over_opens_nothing_and_ends_what_it_has_opened() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, asked) = serve(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let inbox = nats.new_inbox();
    let mut items = nats.subscribe(inbox.clone()).await.unwrap();
    let mut headers = with("Mb-Token", "t-brief");
    headers.insert("Mb-Credit", "10");
    let watch = "mb.vault.v1.req.watch";
    nats.publish_with_reply_and_headers(watch, inbox, headers, "{}".into()).await.unwrap();
    assert_eq!(said(&items.next().await.unwrap()), "1");
    let end = timeout(Duration::from_secs(5), items.next()).await.unwrap().unwrap();
    assert_eq!(said(&end), "AUTHENTICATION_REQUIRED");
    let before = asked.load(Ordering::SeqCst);
    // It is asked about anew; this authenticator gives it another while.
    assert_eq!(ask(&nats, "whoami", with("Mb-Token", "t-brief"), json!({})).await, r#""brief""#);
    assert_eq!(asked.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn no_more_tokens_are_remembered_than_there_is_room_for() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (server, _) = serve(&url).await;
    let nats = async_nats::connect(engine.address()).await.unwrap();
    for number in 0..1_100 {
        let token = format!("t-{number}");
        let told = ask(&nats, "whoami", with("Mb-Token", &token), json!({})).await;
        assert_eq!(told, format!("\"{number}\""));
    }
    assert!(server.clients().len() <= 512, "{}", server.clients().len());
}

#[tokio::test]
async fn what_strangers_share_is_nobody_s_to_name_log_in_on_or_end() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, _) = serve(&url).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    // Where one server listens is told to whoever knocks.
    let join = json!({ "clientId": "eve", "connection": "x", "maxMessage": 1_000_000 });
    let inbox = format!("{}.join", eve.new_inbox());
    let mut answers = eve.subscribe(inbox.clone()).await.unwrap();
    eve.publish_with_reply("mb.$sys.door.join", inbox, join.to_string().into()).await.unwrap();
    let joined: Value = serde_json::from_str(&said(&answers.next().await.unwrap())).unwrap();
    let subject = format!("mb.$sys.srv.{}.req", joined["instance"].as_str().unwrap());
    for (name, payload) in [
        ("$login", json!({ "token": "t-eve" })),
        ("$logout", json!({})),
        ("$register", json!({ "clientId": "ada" })),
        ("$unregister", json!({})),
        ("$subscribe", json!({ "events": ["$connected"] })),
    ] {
        for token in [None, Some("t-bob")] {
            let mut headers = with("Mb-Name", name);
            if let Some(token) = token {
                headers.insert("Mb-Token", token);
            }
            let payload = payload.to_string();
            let asked = eve.request_with_headers(subject.clone(), headers, payload.into());
            let answer = timeout(Duration::from_secs(5), asked).await.unwrap().unwrap();
            assert_eq!(said(&answer), "FORBIDDEN", "{name} {token:?}");
        }
    }
    // Strangers are still served, and still nobody; who shows a token is still who that says.
    assert_eq!(ask(&eve, "echo", HeaderMap::new(), json!({ "order": "tea" })).await, "\"tea\"");
    let told = ask(&eve, "whoami", HeaderMap::new(), json!({})).await;
    assert_eq!(told, "AUTHENTICATION_REQUIRED");
    assert_eq!(ask(&eve, "whoami", with("Mb-Token", "t-bob"), json!({})).await, "\"bob\"");
}

#[tokio::test]
async fn nobody_joins_in_place_of_those_who_have_not() {
    let Some(engine) = nats_server::start() else { return };
    let (_server, _) = serve(&engine.url("")).await;
    let (bob, eve) = (
        async_nats::connect(engine.address()).await.unwrap(),
        async_nats::connect(engine.address()).await.unwrap(),
    );
    // Where plain programs have their answers, `_INBOX.` and a token, is told by nobody, and known to all.
    let mut hers = eve.subscribe("_INBOX.mb_0_1").await.unwrap();
    let join = json!({ "clientId": "eve", "connection": "x", "maxMessage": 1_000_000 });
    let (door, at) = ("mb.$sys.door.join", "_INBOX.mb_0_1");
    eve.publish_with_reply(door, at, join.to_string().into()).await.unwrap();
    let joined: Value = serde_json::from_str(&said(&hers.next().await.unwrap())).unwrap();
    let own = format!("mb.$sys.srv.{}", joined["instance"].as_str().unwrap());
    let (login, token) = (with("Mb-Name", "$login"), json!({ "token": "t-eve" }).to_string());
    let sent = eve.publish_with_reply_and_headers(format!("{own}.req"), at, login, token.into());
    sent.await.unwrap();
    assert!(said(&hers.next().await.unwrap()).contains("true"), "she is logged in there");
    let bob_s = async |name: &str, headers: HeaderMap| {
        let inbox = bob.new_inbox();
        assert_eq!(inbox.split('.').count(), 2);
        let answers = bob.subscribe(inbox.clone()).await.unwrap();
        let subject = format!("mb.vault.v1.req.{name}");
        let sent = bob.publish_with_reply_and_headers(subject, inbox.clone(), headers, "{}".into());
        sent.await.unwrap();
        (answers, inbox)
    };
    let (mut answers, _) = bob_s("whoami", with("Mb-Token", "t-bob")).await;
    assert_eq!(said(&answers.next().await.unwrap()), r#""bob""#);
    let (mut answers, _) = bob_s("whoami", with("Mb-Name", "x")).await;
    assert_eq!(said(&answers.next().await.unwrap()), "AUTHENTICATION_REQUIRED");
    // What he asks for more of is his.
    let mut headers = with("Mb-Token", "t-bob");
    headers.insert("Mb-Credit", "0");
    let (mut items, inbox) = bob_s("watch", headers).await;
    bob.publish_with_reply(format!("{own}.credit"), inbox, "1".into()).await.unwrap();
    let item = timeout(Duration::from_secs(3), items.next()).await.unwrap().unwrap();
    assert_eq!(said(&item), "1");
}

#[tokio::test]
async fn two_requests_do_not_share_a_place_for_their_answers() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let (_server, _) = serve(&url).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    let inbox = eve.new_inbox();
    let mut answers = eve.subscribe(inbox.clone()).await.unwrap();
    for _ in 0..2 {
        let mut headers = with("Mb-Credit", "0");
        headers.insert("Mb-Token", "t-bob");
        let subject = "mb.vault.v1.req.watch";
        let sent = eve.publish_with_reply_and_headers(subject, inbox.clone(), headers, "{}".into());
        sent.await.unwrap();
    }
    let answer = timeout(Duration::from_secs(5), answers.next()).await.unwrap().unwrap();
    assert_eq!(said(&answer), "VALIDATION_FAILED");
}
