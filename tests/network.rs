//! Conversations across machines, on virtual time: what a session promises, seen by its users. The
//! wire is the tests' own; real sockets are in `conformance`, `cuts` and `wire`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/wire.rs"]
mod wire;

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use common::{Seen, ThingScrapped, Workshop, workshop};
use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, ClientBuilder, ClientStatus, EndReason, FaultKind, Notice, Reconnect, Server,
    ServerBuilder,
    auth::{Credentials, Login, LoginError},
};
use tokio::time::{Instant, advance, sleep};
use wire::Wire;

const SECOND: Duration = Duration::from_secs(1);

fn serving(wire: &Wire) -> (ServerBuilder, Arc<Seen>) {
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    let server = Server::builder()
        .id("bench")
        .transport(wire.clone())
        .serve(workshop::serve(workshop))
        .bind("wire://bench");
    (server, seen)
}

fn calling(wire: &Wire) -> ClientBuilder {
    Client::builder().id("web-7").transport(wire.clone())
}

async fn pair(wire: &Wire) -> (Server, workshop::Client, Arc<Seen>) {
    let (server, seen) = serving(wire);
    let server = server.start().await.unwrap();
    let client = calling(wire).connect("wire://bench").await.unwrap();
    (server, client.typed().unwrap(), seen)
}

async fn until(client: &Client, wanted: ClientStatus) {
    let mut status = client.watch_status();
    status.wait_for(|status| *status == wanted).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_the_way_there_and_back() {
    let wire = Wire::default();
    wire.set_latency(SECOND);
    let (_server, client, _) = pair(&wire).await;
    let start = Instant::now();
    client.make_thing("t-1".into(), Vec::new()).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_has_thirty_seconds_unless_it_says_otherwise() {
    let wire = Wire::default();
    let (_server, client, seen) = pair(&wire).await;
    let start = Instant::now();
    let fault = client.wait_for_it().await.unwrap_err().into_fault();
    assert_eq!(fault.kind(), FaultKind::Timeout);
    assert!(fault.message().starts_with("workshop/waitForIt was not answered in time"));
    assert_eq!(start.elapsed().as_secs(), 30);
    seen.until(&seen.dropped, 1).await;
    let start = Instant::now();
    client.wait_for_it().timeout(5 * SECOND).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn as_many_calls_as_may_be_are_under_way_and_the_others_wait_their_turn() {
    let wire = Wire::default();
    let (server, seen) = serving(&wire);
    let _server = server.start().await.unwrap();
    let client = calling(&wire).limits(|limits| limits.in_flight = 2).connect("wire://bench");
    let client: workshop::Client = client.await.unwrap().typed().unwrap();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.wait_for_it().await })
        })
        .collect();
    seen.until(&seen.begun, 2).await;
    sleep(SECOND).await;
    assert_eq!(seen.begun.load(Ordering::SeqCst), 2);
    // One that waits gives up, one that is under way too: its place goes to the next.
    calls[3].abort();
    calls[0].abort();
    seen.until(&seen.begun, 3).await;
    for finished in 1..=4 {
        seen.go_on.notify_one();
        seen.until(&seen.finished, finished).await;
    }
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.is_err(), number == 0 || number == 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_drops_its_handler_on_the_other_side() {
    let wire = Wire::default();
    let (_server, client, seen) = pair(&wire).await;
    tokio::select! {
        _ = client.wait_for_it() => panic!("nobody lets it go on"),
        () = seen.until(&seen.begun, 1) => {}
    }
    seen.until(&seen.dropped, 1).await;
    assert_eq!(seen.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_not_far_ahead_of_whoever_reads_its_stream() {
    let wire = Wire::default();
    let (_server, client, seen) = pair(&wire).await;
    let mut numbers = client.count_to(1_000, String::new());
    assert_eq!(numbers.next().await.unwrap().unwrap(), 0);
    sleep(SECOND).await;
    let made = seen.counted.load(Ordering::SeqCst);
    assert!((2..=34).contains(&made), "{made} items were made for one that was read");
    let rest: Vec<_> = numbers.map(|number| number.unwrap()).collect().await;
    assert_eq!(rest, (1..1_000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_and_everybody_is_told() {
    let wire = Wire::default();
    let (server, client, seen) = pair(&wire).await;
    let mut scrapped = client.subscribe::<ThingScrapped>().await.unwrap();
    let mut changes = client.client().status_changes();
    assert_eq!(changes.next().await, Some(ClientStatus::Connected));
    let waiting = client.clone();
    let waiting = tokio::spawn(async move { waiting.wait_for_it().await });
    seen.until(&seen.begun, 1).await;

    wire.cut();
    let fault = waiting.await.unwrap().unwrap_err().into_fault();
    assert_eq!((fault.kind(), fault.is_retryable()), (FaultKind::Unavailable, true));
    assert!(fault.may_have_run());
    assert_eq!(changes.next().await, Some(ClientStatus::Reconnecting(EndReason::ConnectionLost)));
    let fault = client.make_thing("t".into(), Vec::new()).await.unwrap_err().into_fault();
    assert!(fault.is_retryable() && !fault.may_have_run(), "it was never sent: {fault}");
    assert_eq!(changes.next().await, Some(ClientStatus::Connected));

    assert!(matches!(scrapped.next_notice().await, Some(Notice::Gap)));
    server.broadcast(ThingScrapped { thing_id: "t-1".into() }).await.unwrap();
    let event = scrapped.next().await.unwrap();
    assert_eq!((event.thing_id.as_str(), event.follows_gap()), ("t-1", true));
    server.broadcast(ThingScrapped { thing_id: "t-2".into() }).await.unwrap();
    assert!(!scrapped.next().await.unwrap().follows_gap());
    assert_eq!(scrapped.gaps(), 1);
    assert_eq!(server.clients().len(), 1);
    assert_eq!(client.client().id(), "web-7");
}

#[tokio::test(start_paused = true)]
async fn attempts_come_slower_and_slower_with_jitter_until_somebody_is_there() {
    let wire = Wire::default();
    let (_server, client, _) = pair(&wire).await;
    let mut errors = client.client().errors();
    wire.refuse(true);
    wire.cut();
    assert_eq!(errors.next().await.unwrap().kind(), FaultKind::Unavailable);
    sleep(120 * SECOND).await;
    let tried = wire.dialed() - 1;
    // Doubling from 0.1 s to 5 s, each with up to as much again: 12 in the slowest two minutes.
    assert!((12..=40).contains(&tried), "{tried} attempts in two minutes");
    wire.refuse(false);
    until(client.client(), ClientStatus::Connected).await;
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_not_to_reconnect_does_not() {
    let wire = Wire::default();
    let (server, _) = serving(&wire);
    let _server = server.start().await.unwrap();
    let client =
        calling(&wire).reconnect(Reconnect::never()).connect("wire://bench").await.unwrap();
    let client: workshop::Client = client.typed().unwrap();
    let mut scrapped = client.subscribe::<ThingScrapped>().await.unwrap();
    wire.cut();
    assert!(scrapped.next().await.is_none());
    assert_eq!(scrapped.end_reason(), Some(EndReason::ConnectionLost));
    let last = ClientStatus::Disconnected(EndReason::ConnectionLost);
    until(client.client(), last).await;
    let changes: Vec<_> = client.client().status_changes().collect().await;
    assert_eq!(changes, [last], "and there is no other");
    client.client().disconnect().await;
    let fault = client.make_thing("t".into(), Vec::new()).await.unwrap_err().into_fault();
    assert_eq!((fault.kind(), fault.may_have_run()), (FaultKind::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_drains_and_its_clients_find_the_next_one() {
    let wire = Wire::default();
    let (server, client, seen) = pair(&wire).await;
    let waiting = client.clone();
    let waiting = tokio::spawn(async move { waiting.wait_for_it().await });
    seen.until(&seen.begun, 1).await;
    let stopping = server.clone();
    let stopping = tokio::spawn(async move { stopping.stop().await });
    sleep(SECOND).await;
    let refused = client.make_thing("t".into(), Vec::new()).await.unwrap_err().into_fault();
    assert_eq!((refused.kind(), refused.is_retryable()), (FaultKind::Unavailable, true));
    seen.go_on.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap(), 7, "a call in flight is answered");
    stopping.await.unwrap().unwrap();
    until(client.client(), ClientStatus::Reconnecting(EndReason::ServerStopped)).await;

    let (next, _) = serving(&wire);
    let next = next.id("bench-2").start().await.unwrap();
    until(client.client(), ClientStatus::Connected).await;
    assert_eq!(client.client().server_id().as_deref(), Some("bench-2"));
    client.make_thing("t".into(), Vec::new()).await.unwrap();
    next.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_is_there_before_its_server_is() {
    let wire = Wire::default();
    let client = calling(&wire).connect_lazily("wire://bench").unwrap();
    assert_eq!(client.status(), ClientStatus::Connecting);
    sleep(20 * SECOND).await;
    let (server, _) = serving(&wire);
    let _server = server.start().await.unwrap();
    until(&client, ClientStatus::Connected).await;
    let client: workshop::Client = client.typed().unwrap();
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_next_endpoint_is_tried_where_one_is_not_there() {
    let wire = Wire::default();
    let (server, _) = serving(&wire);
    let _server = server.start().await.unwrap();
    let client = calling(&wire).fallback("wire://bench").connect("wire://nowhere").await.unwrap();
    assert_eq!(client.server_id().as_deref(), Some("bench"));
}

/// Remembers who has logged in.
fn authenticator(
    log: &Arc<Mutex<Vec<String>>>,
) -> impl Fn(Credentials) -> Result<Login, LoginError> + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |credentials| match credentials {
        Credentials::Password { username, password } if password == "swordfish" => {
            log.lock().unwrap().push(username.clone());
            let roles = vec!["customer".to_owned()];
            let actor = Actor { roles, ..Actor::new(username) };
            Ok(Login { token: Some("t-1".into()), ..Login::new(actor) })
        }
        Credentials::Token(token) if token == "old" => Err(LoginError::TokenExpired),
        Credentials::Token(_) => Err(LoginError::InvalidToken),
        _ => Err(LoginError::InvalidCredentials),
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_logs_in_and_again_on_the_next_connection() {
    let wire = Wire::default();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (server, _) = serving(&wire);
    let _server = server.authenticator(authenticator(&log)).start().await.unwrap();
    let client = calling(&wire).connect("wire://bench").await.unwrap();
    for (credentials, code) in [
        (Credentials::password("ada", "wrong"), "INVALID_CREDENTIALS"),
        (Credentials::token("old"), "TOKEN_EXPIRED"),
        (Credentials::token("none"), "INVALID_TOKEN"),
    ] {
        let fault = client.login(credentials).await.unwrap_err();
        assert_eq!((fault.code(), fault.is_retryable()), (code, false));
    }
    let logged_in = client.login(Credentials::password("ada", "swordfish")).await.unwrap();
    assert_eq!((logged_in.user_id.as_str(), &*logged_in.roles), ("ada", &["customer".into()][..]));
    assert_eq!(logged_in.token.as_deref(), Some("t-1"));
    let typed: workshop::Client = client.typed().unwrap();
    let actor = async || typed.look_around().await.unwrap()[8].clone();
    assert_eq!(actor().await, "ada", "as the handler sees it");
    wire.cut();
    until(&client, ClientStatus::Reconnecting(EndReason::ConnectionLost)).await;
    until(&client, ClientStatus::Connected).await;
    assert_eq!(*log.lock().unwrap(), ["ada", "ada"], "before it says that it is connected");
    assert_eq!(actor().await, "ada");
    client.logout().await.unwrap();
    assert_eq!(actor().await, "-");
    wire.cut();
    until(&client, ClientStatus::Reconnecting(EndReason::ConnectionLost)).await;
    until(&client, ClientStatus::Connected).await;
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_refused_the_next_time_ends_the_client() {
    let wire = Wire::default();
    let (server, _) = serving(&wire);
    let good = Arc::new(Mutex::new(true));
    let still = Arc::clone(&good);
    let _server = server
        .authenticator(move |_| match *still.lock().unwrap() {
            true => Ok(Login::new(Actor::default())),
            false => Err(LoginError::TokenExpired),
        })
        .start()
        .await
        .unwrap();
    let client =
        calling(&wire).login(Credentials::token("t")).connect("wire://bench").await.unwrap();
    *good.lock().unwrap() = false;
    wire.cut();
    until(&client, ClientStatus::Refused(FaultKind::Undeclared)).await;
    let client: workshop::Client = client.typed().unwrap();
    let fault = client.make_thing("t".into(), Vec::new()).await.unwrap_err().into_fault();
    assert_eq!(fault.code(), "TOKEN_EXPIRED");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_log_in_in_time_is_dismissed() {
    let wire = Wire::default();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (server, _) = serving(&wire);
    let server = server.authenticator(authenticator(&log)).start().await.unwrap();
    let reconnect = Reconnect::never();
    let stranger = calling(&wire).reconnect(reconnect).connect("wire://bench").await.unwrap();
    let known = calling(&wire)
        .login(Credentials::password("ada", "swordfish"))
        .connect("wire://bench")
        .await
        .unwrap();
    advance(9 * SECOND).await;
    assert_eq!(stranger.status(), ClientStatus::Connected);
    sleep(2 * SECOND).await;
    until(&stranger, ClientStatus::Disconnected(EndReason::NotAuthenticated)).await;
    sleep(60 * SECOND).await;
    assert_eq!((known.status(), server.clients().len()), (ClientStatus::Connected, 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_whoever_was_dismissed_or_turned_away() {
    let wire = Wire::default();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (server, _) = serving(&wire);
    let server = server.authenticator(authenticator(&log)).max_clients(1).start().await.unwrap();
    let login = Credentials::password("ada", "swordfish");
    let client =
        calling(&wire).login(login).reconnect(Reconnect::never()).connect("wire://bench").await;
    calling(&wire).connect("wire://bench").await.unwrap_err();
    server.stop().await.unwrap();
    drop((client, server));
    sleep(SECOND).await;
    let left = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(left, 0, "tasks are left over");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_authenticator_is_an_answer_and_the_connection_lives() {
    let wire = Wire::default();
    let (server, _) = serving(&wire);
    let panicking = |_| -> Result<Login, LoginError> { panic!("no database") };
    let _server = server.authenticator(panicking).start().await.unwrap();
    let client = calling(&wire).connect("wire://bench").await.unwrap();
    let fault = client.login(Credentials::token("t")).await.unwrap_err();
    assert_eq!((fault.kind(), fault.is_retryable()), (FaultKind::Unavailable, true));
    assert!(!fault.to_string().contains("database"));
    let client: workshop::Client = client.typed().unwrap();
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

/// Never says who anybody is.
struct Thinking;

#[async_trait::async_trait]
impl magicbutton::auth::Authenticator for Thinking {
    async fn login(&self, _: Credentials) -> Result<Login, LoginError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_without_an_answer_ends_connecting_and_leaves_nobody_behind() {
    let wire = Wire::default();
    let (server, _) = serving(&wire);
    let unhurried = |limits: &mut magicbutton::Limits| limits.login = 3600 * SECOND;
    let server = server.authenticator(Thinking).limits(unhurried).start().await.unwrap();
    let start = Instant::now();
    let login = Credentials::token("t");
    let fault = calling(&wire).login(login.clone()).connect("wire://bench").await.unwrap_err();
    assert_eq!((fault.kind(), start.elapsed().as_secs()), (FaultKind::Unavailable, 10));
    let dropped = calling(&wire).login(login.clone()).connect("wire://bench");
    tokio::time::timeout(SECOND, dropped).await.unwrap_err();
    sleep(10 * SECOND).await;
    assert_eq!(server.clients().len(), 0);
    let client = calling(&wire).connect("wire://bench").await.unwrap();
    assert_eq!(client.login(login).await.unwrap_err().kind(), FaultKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_ends_is_to_be_made_again_in_time() {
    for expires in [None, Some(60 * SECOND)] {
        let wire = Wire::default();
        let (server, _) = serving(&wire);
        let _server = server
            .authenticator(move |_| {
                let expires_at = expires.map(|left| std::time::SystemTime::now() + left);
                Ok(Login { expires_at, ..Login::new(Actor::new("ada")) })
            })
            .start()
            .await
            .unwrap();
        let client = calling(&wire).reconnect(Reconnect::never()).connect("wire://bench");
        let client = client.await.unwrap();
        client.login(Credentials::token("t")).await.unwrap();
        sleep(30 * SECOND).await;
        assert_eq!(client.status(), ClientStatus::Connected);
        if expires.is_none() {
            client.logout().await.unwrap();
        }
        sleep(50 * SECOND).await;
        until(&client, ClientStatus::Disconnected(EndReason::NotAuthenticated)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_has_no_longer_than_any_other() {
    let wire = Wire::default();
    let (server, seen) = serving(&wire);
    let _server = server.start().await.unwrap();
    let client = calling(&wire).limits(|limits| limits.in_flight = 1).connect("wire://bench");
    let client: workshop::Client = client.await.unwrap().typed().unwrap();
    let mut open = client.count_to(1, "hang".into());
    open.next().await.unwrap().unwrap();
    let start = Instant::now();
    let fault = client.wait_for_it().timeout(2 * SECOND).await.unwrap_err().into_fault();
    assert_eq!((fault.kind(), start.elapsed().as_secs()), (FaultKind::Timeout, 2));
    assert_eq!(seen.begun.load(Ordering::SeqCst), 0);
    drop(open);
    client.make_thing("t".into(), Vec::new()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_without_logins_takes_none() {
    let wire = Wire::default();
    let (_server, client, _) = pair(&wire).await;
    let fault = client.client().login(Credentials::token("t")).await.unwrap_err();
    assert_eq!(fault.code(), "INVALID_CREDENTIALS");
}

#[tokio::test(start_paused = true)]
async fn an_announcement_reaches_every_client_outside_of_any_contract() {
    let wire = Wire::default();
    let (server, client, _) = pair(&wire).await;
    let mut said = client.client().announcements();
    server.announce("going down at noon", Some(serde_json::json!({ "in": 60 }))).await.unwrap();
    let said = said.next().await.unwrap();
    assert_eq!(said.message, "going down at noon");
    assert_eq!(said.data, Some(serde_json::json!({ "in": 60 })));
}

#[tokio::test(start_paused = true)]
async fn quiet_connections_stay() {
    let wire = Wire::default();
    let (server, client, _) = pair(&wire).await;
    sleep(3600 * SECOND).await;
    assert_eq!((client.client().status(), wire.dialed()), (ClientStatus::Connected, 1));
    assert_eq!(server.clients().len(), 1);
}
