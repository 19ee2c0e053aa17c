//! Ten thousand wrong logins: guessing gets slow, and nobody else notices.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use magicbutton::{
    Actor, Client, ClientBuilder, Fault, FaultKind, Limits, Server,
    auth::{Credentials, Login, LoginError},
};
use tokio::time::Instant;

use crate::{Asked, by_hand::ByHand, serving, wire::Wire};

const PAUSE: Duration = Duration::from_secs(5);

async fn started(wire: &Wire) -> (Server, Asked) {
    let asked = Asked::default();
    let server = serving()
        .authenticator(asked.authenticator(|name| Login::new(Actor::new(name))))
        .limits(|limits: &mut Limits| limits.login = Duration::from_secs(1_000_000))
        .max_clients(100_000)
        .transport(wire.clone())
        .bind("wire://vault");
    (server.start().await.unwrap(), asked)
}

fn calling(wire: &Wire) -> ClientBuilder {
    Client::builder().transport(wire.clone())
}

async fn connect(wire: &Wire) -> Client {
    calling(wire).connect("wire://vault").await.unwrap()
}

async fn guess(client: &Client, who: &str) -> Fault {
    client.login(Credentials::password(who, "guess")).await.unwrap_err()
}

fn is_throttled(fault: &Fault) -> bool {
    if fault.kind() != FaultKind::RateLimitExceeded {
        assert_eq!(fault.code(), "INVALID_CREDENTIALS");
        return false;
    }
    assert!(fault.is_retryable());
    assert!(fault.retry_after().is_some_and(|wait| !wait.is_zero() && wait <= PAUSE));
    assert!(fault.message().starts_with("too many logins have failed"));
    true
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_wrong_logins_on_one_connection_hardly_any_is_looked_at() {
    let wire = Wire::default();
    let (_server, asked) = started(&wire).await;
    let (eve, ann) = (connect(&wire).await, connect(&wire).await);
    let begun = Instant::now();
    for attempt in 0..10_000 {
        // Of another user each time.
        let fault = guess(&eve, &format!("user {attempt}")).await;
        assert_eq!(is_throttled(&fault), attempt >= 10, "{attempt}");
    }
    assert_eq!((asked.count(), begun.elapsed()), (10, Duration::ZERO));
    // Tokens neither.
    let fault = eve.login(Credentials::token("guess")).await.unwrap_err();
    assert!(is_throttled(&fault));
    ann.login(Credentials::password("ann", "ann")).await.unwrap();
    // One more each pause, and those that were turned away made it no longer.
    for _ in 0..3 {
        tokio::time::advance(PAUSE).await;
        assert!(!is_throttled(&guess(&eve, "ann").await));
        assert!(is_throttled(&guess(&eve, "ann").await));
    }
    // Whoever is right in the end is in, and not counted.
    tokio::time::advance(PAUSE).await;
    for _ in 0..20 {
        eve.login(Credentials::password("eve", "eve")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nor_over_as_many_connections() {
    let wire = Wire::default();
    let (_server, asked) = started(&wire).await;
    let owner = connect(&wire).await;
    owner.login(Credentials::password("ann", "ann")).await.unwrap();
    let mut throttled = 0;
    for _ in 0..2_000 {
        let eve = connect(&wire).await;
        for _ in 0..5 {
            throttled += usize::from(is_throttled(&guess(&eve, "ann").await));
        }
    }
    assert_eq!((asked.count(), throttled), (1 + 100, 10_000 - 100));
    // Others do not notice, nor does the owner with a token, nor on a connection that is there.
    let bob = connect(&wire).await;
    bob.login(Credentials::password("bob", "bob")).await.unwrap();
    let again = connect(&wire).await;
    assert!(is_throttled(&again.login(Credentials::password("ann", "ann")).await.unwrap_err()));
    again.login(Credentials::token("t-ann")).await.unwrap();
    // With the password the owner has to wait for as long as it is said: nobody is locked out.
    let new = connect(&wire).await;
    let fault = new.login(Credentials::password("ann", "ann")).await.unwrap_err();
    tokio::time::sleep(fault.retry_after().unwrap()).await;
    new.login(Credentials::password("ann", "ann")).await.unwrap();
    // A login that is right does not use up the turn of the next.
    new.login(Credentials::password("ann", "ann")).await.unwrap();
}

/// As many as one likes: they take nobody else's place in what the server knows.
#[tokio::test(start_paused = true)]
async fn names_that_somebody_makes_up_make_the_server_forget_nobody() {
    let wire = Wire::default();
    let (_server, asked) = started(&wire).await;
    let guesses = async |names: &mut dyn Iterator<Item = String>| {
        let (mut eve, mut throttled) = (connect(&wire).await, 0);
        for (count, name) in names.enumerate() {
            if count % 10 == 9 {
                eve = connect(&wire).await;
            }
            throttled += usize::from(is_throttled(&guess(&eve, &name).await));
        }
        throttled
    };
    assert_eq!(guesses(&mut (0..150).map(|_| "ann".to_owned())).await, 50);
    let made_up = guesses(&mut (0..12_000).map(|n| format!("nobody {n}"))).await;
    assert_eq!((made_up, asked.count()), (0, 100 + 12_000));
    assert_eq!(guesses(&mut (0..50).map(|_| "ann".to_owned())).await, 50);
    // Nor do they hold up anybody.
    let bob = connect(&wire).await;
    bob.login(Credentials::password("bob", "bob")).await.unwrap();
}

/// Neither the connection nor the name has failed where nobody has looked.
#[tokio::test(start_paused = true)]
async fn a_password_that_cannot_be_checked_now_counts_for_nothing() {
    let wire = Wire::default();
    let is_busy = Arc::new(AtomicBool::new(true));
    let busy = Arc::clone(&is_busy);
    let _server = serving()
        .authenticator(move |_| match busy.load(Ordering::Relaxed) {
            true => Err::<Login, _>(LoginError::Unavailable),
            false => Err(LoginError::InvalidCredentials),
        })
        .limits(|limits: &mut Limits| (limits.failed_logins, limits.failed_passwords) = (10, 15))
        .transport(wire.clone())
        .bind("wire://vault")
        .start()
        .await
        .unwrap();
    let first = connect(&wire).await;
    for _ in 0..200 {
        assert_eq!(guess(&first, "ann").await.kind(), FaultKind::Unavailable);
    }
    is_busy.store(false, Ordering::Relaxed);
    let mut looked_at = Vec::new();
    for client in [first, connect(&wire).await] {
        let mut count = 0;
        while !is_throttled(&guess(&client, "ann").await) {
            count += 1;
        }
        looked_at.push(count);
    }
    assert_eq!(looked_at, [10, 5], "as many as ever, of the connection and of the name");
}

/// Sent at once, before any of them has been found wrong.
#[tokio::test]
async fn nor_all_at_the_same_time() {
    let asked = Asked::default();
    let server = serving()
        .authenticator(asked.authenticator(|name| Login::new(Actor::new(name))))
        .bind("ws://127.0.0.1:0/vault");
    let server = server.start().await.unwrap();
    let mut client = ByHand::connect(&server.endpoints()[0]).await;
    let guess = serde_json::json!({ "username": "ann", "password": "guess" });
    let mut last = String::new();
    for _ in 0..500 {
        last = client.ask("$login", guess.clone()).await;
    }
    let answers = client.response(&last).await;
    let refused = |frame: &&serde_json::Value| {
        frame["error"]["code"] == "RATE_LIMIT_EXCEEDED"
            && frame["error"]["retryable"] == true
            && frame["error"]["details"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0)
    };
    assert_eq!(answers.before.iter().chain([&answers.response]).filter(refused).count(), 490);
    assert_eq!(asked.count(), 10);
}

#[tokio::test(start_paused = true)]
async fn how_many_may_fail_is_up_to_the_server() {
    let wire = Wire::default();
    let asked = Asked::default();
    let _server = serving()
        .authenticator(asked.authenticator(|name| Login::new(Actor::new(name))))
        .limits(|limits: &mut Limits| {
            limits.failed_logins = 2;
            limits.login_pause = Duration::from_secs(60);
        })
        .transport(wire.clone())
        .bind("wire://vault")
        .start()
        .await
        .unwrap();
    let client = connect(&wire).await;
    guess(&client, "ann").await;
    guess(&client, "ann").await;
    let fault = guess(&client, "ann").await;
    assert_eq!(fault.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn a_pause_for_ever_is_one() {
    let wire = Wire::default();
    let asked = Asked::default();
    let server = serving()
        .authenticator(asked.authenticator(|name| Login::new(Actor::new(name))))
        .limits(|limits: &mut Limits| limits.login_pause = Duration::MAX)
        .transport(wire.clone())
        .bind("wire://vault");
    let _server = server.start().await.unwrap();
    let eve = connect(&wire).await;
    for attempt in 0..20 {
        let fault = guess(&eve, "ann").await;
        assert_eq!(fault.kind() == FaultKind::RateLimitExceeded, attempt >= 10, "{attempt}");
    }
    assert_eq!(asked.count(), 10);
}
