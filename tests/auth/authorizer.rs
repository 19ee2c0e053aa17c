//! Who decides, where the contract's rules are not all there is to it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use magicbutton::{
    Actor, Client, FaultKind, Server,
    access::{Action, Authorizer, ContractRules, Question},
    auth::{Credentials, Login, LoginError},
};

use crate::{by_hand::soon, log_in, serving, told, vault, ways};

async fn started(name: &str, authorizer: impl Authorizer) -> Server {
    let server = serving()
        .authenticator(|credentials| match credentials {
            Credentials::Token(role) => {
                Ok(Login::new(Actor { roles: vec![role.clone()], ..Actor::new(role) }))
            }
            _ => Err(LoginError::InvalidCredentials),
        })
        .authorizer(authorizer)
        .bind(format!("memory://{name}"))
        .bind("ws://127.0.0.1:0/vault");
    server.start().await.unwrap()
}

#[tokio::test]
async fn both_may_have_to_say_yes() {
    let open = Arc::new(AtomicBool::new(true));
    let door = Arc::clone(&open);
    let authorizer = ContractRules.and(move |_: &Question<'_>| door.load(Ordering::Relaxed));
    let server = started("both", authorizer).await;
    for way in ways(&server) {
        open.store(true, Ordering::Relaxed);
        let reader = log_in(&way, Credentials::token("reader")).await;
        let keeper = log_in(&way, Credentials::token("keeper")).await;
        assert_eq!(
            (told(reader.read().await), told(reader.shift().await)),
            ("yes".into(), "F".into())
        );
        let mut moved = reader.subscribe::<vault::Moved>().await.unwrap();
        let mut items = reader.watch();
        items.next().await.unwrap().unwrap();
        open.store(false, Ordering::Relaxed);
        for refused in [
            told(keeper.read().await),
            told(keeper.shift().await),
            told(keeper.whoami().await),
            told(keeper.watch().next().await.unwrap()),
        ] {
            assert_eq!(refused, "F", "{way}");
        }
        let refused = keeper.subscribe::<vault::Moved>().await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden);
        // What is announced now is not for those who may not read it now.
        server.broadcast(vault::Moved { what: "secretly".into() }).await.unwrap();
        // A stream is looked at when its reader logs in again.
        reader.client().login(Credentials::token("reader")).await.unwrap();
        assert_eq!(told(soon(items.next()).await.unwrap()), "F");
        keeper.hours().await.expect("what is public is not asked about");
        open.store(true, Ordering::Relaxed);
        server.broadcast(vault::Moved { what: "openly".into() }).await.unwrap();
        assert_eq!(soon(moved.next()).await.unwrap().what, "openly");
    }
}

#[tokio::test]
async fn one_may_be_enough_and_the_contract_may_not_count() {
    let of_acme = |question: &Question<'_>| question.actor.is_some_and(|actor| actor.id == "acme");
    let server = started("either", ContractRules.or(of_acme)).await;
    for way in ways(&server) {
        let acme = log_in(&way, Credentials::token("acme")).await;
        assert_eq!(
            (told(acme.read().await), told(acme.shift().await)),
            ("yes".into(), "yes".into())
        );
        assert_eq!(told(acme.weigh().await), "F", "guards are asked all the same");
        let other = log_in(&way, Credentials::token("other")).await;
        assert_eq!(told(other.read().await), "F");
    }
    // One that lets in who is nobody, too; also to a stream.
    let server = started("own", |question: &Question<'_>| question.name == "vault/watch").await;
    for way in ways(&server) {
        let nobody: vault::Client = Client::connect(&*way).await.unwrap().typed().unwrap();
        let mut items = nobody.watch();
        assert_eq!(told(items.next().await.unwrap()), "yes");
        let more = tokio::time::timeout(Duration::from_millis(50), items.next()).await;
        assert!(more.is_err(), "it goes on");
        assert_eq!(told(nobody.read().await), "A");
        let keeper = log_in(&way, Credentials::token("keeper")).await;
        assert_eq!(told(keeper.read().await), "F", "replaced");
    }
}

type Seen = (Option<String>, Action, &'static str, bool);

#[tokio::test]
async fn it_is_asked_all_there_is_to_know_and_a_panic_is_a_no() {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let log = Arc::clone(&seen);
    let server = started("panics", move |question: &Question<'_>| {
        let who = question.actor.map(|actor| actor.id.clone());
        log.lock().unwrap().push((who, question.action, question.name, question.by_contract));
        assert!(question.client_id == "mine" && question.gateway.is_none());
        assert!(question.name != "vault/shift", "an authorizer that panics");
        assert!(!question.rule.is_public());
        question.by_contract
    })
    .await;
    let client = Client::builder().id("mine").login(Credentials::token("keeper"));
    let client = client.connect(&*ways(&server)[1]).await.unwrap();
    let vault: vault::Client = client.typed().unwrap();
    assert_eq!((told(vault.read().await), told(vault.shift().await)), ("yes".into(), "F".into()));
    let mut moved = vault.subscribe::<vault::Moved>().await.unwrap();
    vault.emit(vault::Moved { what: "gold".into() }).await.unwrap();
    server.broadcast(vault::Moved { what: "gold".into() }).await.unwrap();
    soon(moved.next()).await.unwrap();
    let keeper = |action, name| (Some("keeper".to_owned()), action, name, true);
    let wanted = [
        keeper(Action::Request, "vault/read"),
        keeper(Action::Request, "vault/shift"),
        keeper(Action::Subscribe, "vault/moved"),
        keeper(Action::Emit, "vault/moved"),
        keeper(Action::Subscribe, "vault/moved"),
    ];
    let mut seen = seen.lock().unwrap().clone();
    // The event that is emitted and the one that is announced take different ways.
    seen[3..].sort_by_key(|seen| seen.1 == Action::Subscribe);
    assert_eq!(seen, wanted);
}
