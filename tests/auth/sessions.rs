//! Logins over time: renewed before they end, made again on the next connection, and what comes back
//! with them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, ClientBuilder, ClientStatus, Fault, FaultKind, Limits, Server,
    auth::{Credentials, Login, LoginError},
};
use tokio::{
    sync::Notify,
    time::{Instant, advance, sleep},
};

use crate::{Asked, by_hand::soon, serving, told, users::users, vault, vault::Moved, wire::Wire};

const MINUTE: Duration = Duration::from_secs(60);

/// Readers, whose logins end after ten minutes.
async fn started(wire: &Wire, name: &str) -> (Server, Asked) {
    let asked = Asked::default();
    let reader = |name: &str| Login {
        expires_at: Some(SystemTime::now() + 10 * MINUTE),
        ..Login::new(Actor { roles: vec!["reader".into()], ..Actor::new(name) })
    };
    let server = serving()
        .authenticator(asked.authenticator(reader))
        .limits(|limits: &mut Limits| limits.login = 3600 * MINUTE)
        .transport(wire.clone())
        .bind("wire://vault")
        .bind(format!("memory://{name}"));
    (server.start().await.unwrap(), asked)
}

fn calling(wire: &Wire) -> ClientBuilder {
    Client::builder().transport(wire.clone())
}

/// Waits for another connection.
async fn cut(wire: &Wire, client: &Client) {
    wire.cut();
    let mut status = client.watch_status();
    status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
    soon(status.wait_for(|status| *status == ClientStatus::Connected)).await.unwrap();
}

/// Provides the next token each time: `t-ann`, always of ann.
fn counted(
    count: &Arc<AtomicUsize>,
) -> impl Fn() -> std::future::Ready<Result<Credentials, Fault>> + use<> {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(Credentials::token("t-ann")))
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_is_renewed_before_it_ends() {
    let wire = Wire::default();
    let (server, asked) = started(&wire, "renewed").await;
    for way in ["wire://vault", "memory://renewed"] {
        let provided = Arc::new(AtomicUsize::new(0));
        let client = calling(&wire).login_with(counted(&provided)).connect(way).await.unwrap();
        let vault: vault::Client = client.typed().unwrap();
        let mut moved = vault.subscribe::<Moved>().await.unwrap();
        let mut items = vault.watch();
        items.next().await.unwrap().unwrap();
        let before = asked.count();
        assert_eq!(provided.load(Ordering::Relaxed), 1);
        sleep(9 * MINUTE - Duration::from_secs(2)).await;
        assert_eq!(provided.load(Ordering::Relaxed), 1, "{way}");
        sleep(Duration::from_secs(4)).await;
        assert_eq!(
            (provided.load(Ordering::Relaxed), asked.count()),
            (2, before + 1),
            "a minute ahead"
        );
        sleep(60 * MINUTE).await;
        assert_eq!(told(vault.read().await), "yes");
        assert!(client.logged_in().is_some());
        // Whatever went on goes on.
        server.broadcast(Moved { what: "gold".into() }).await.unwrap();
        assert_eq!(soon(moved.next()).await.unwrap().what, "gold");
        let mut next = Box::pin(items.next());
        assert!(futures_util::poll!(&mut next).is_pending());
        // Nobody renews what somebody has ended.
        client.logout().await.unwrap();
        let so_far = provided.load(Ordering::Relaxed);
        sleep(60 * MINUTE).await;
        assert_eq!(provided.load(Ordering::Relaxed), so_far);
        assert_eq!(told(vault.read().await), "A", "{way}");
        // Nor what is not its own.
        client.login(Credentials::password("ann", "ann")).await.unwrap();
        sleep(11 * MINUTE).await;
        assert_eq!((told(vault.read().await), client.logged_in()), ("A".into(), None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_overtaken_changes_nothing() {
    let wire = Wire::default();
    let (_server, _) = started(&wire, "overtaken").await;
    for way in ["wire://vault", "memory://overtaken"] {
        for logs_out in [false, true] {
            // The first credentials are there at once, the second take their time.
            let (asked, ready) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
            let (count, go) = (Arc::clone(&asked), Arc::clone(&ready));
            let client = calling(&wire).login_with(move || {
                let (first, go) = (count.fetch_add(1, Ordering::SeqCst) == 0, Arc::clone(&go));
                async move {
                    if !first {
                        go.notified().await;
                    }
                    Ok(Credentials::token("t-ann"))
                }
            });
            let client = client.connect(way).await.unwrap();
            let vault: vault::Client = client.typed().unwrap();
            assert_eq!(vault.whoami().await.unwrap(), "ann");
            sleep(9 * MINUTE + Duration::from_secs(5)).await;
            assert_eq!(asked.load(Ordering::SeqCst), 2, "the renewal is under way");
            if logs_out {
                client.logout().await.unwrap();
            } else {
                client.login(Credentials::token("t-bob")).await.unwrap();
            }
            ready.notify_waiters();
            sleep(Duration::from_secs(5)).await;
            let who = if logs_out { "A" } else { "yes" };
            assert_eq!(told(vault.whoami().await), who, "{way}");
            if !logs_out {
                assert_eq!(vault.whoami().await.unwrap(), "bob", "{way}");
                assert_eq!(client.logged_in().unwrap().user_id, "bob");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fresh_credentials_are_asked_for_on_each_connection() {
    let wire = Wire::default();
    let (_server, asked) = started(&wire, "fresh").await;
    let provided = Arc::new(AtomicUsize::new(0));
    let client = calling(&wire).login_with(counted(&provided));
    let client = client.connect("wire://vault").await.unwrap();
    let vault: vault::Client = client.typed().unwrap();
    for connection in 1..4 {
        assert_eq!((provided.load(Ordering::Relaxed), asked.count()), (connection, connection));
        assert_eq!(told(vault.read().await), "yes");
        cut(&wire, &client).await;
    }
    // A client that is gone asks nobody.
    drop((vault, client));
    sleep(60 * MINUTE).await;
    assert_eq!(provided.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_provide_any_is_asked_again() {
    let wire = Wire::default();
    let (_server, _) = started(&wire, "again").await;
    let (fails, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (failing, count) = (Arc::clone(&fails), Arc::clone(&calls));
    let provide = move || {
        let before = count.fetch_add(1, Ordering::Relaxed);
        assert!(before != 2, "a hook that panics");
        let fails = failing.load(Ordering::Relaxed);
        async move {
            match fails {
                true => Err(Fault::internal("the token service is down")),
                false => Ok(Credentials::token("t-ann")),
            }
        }
    };
    let client = calling(&wire).login_with(provide).connect("wire://vault").await.unwrap();
    let mut errors = client.errors();
    let vault: vault::Client = client.typed().unwrap();
    fails.store(true, Ordering::Relaxed);
    sleep(9 * MINUTE + Duration::from_secs(20)).await;
    let fault = soon(errors.next()).await.unwrap();
    assert_eq!((fault.kind(), fault.message()), (FaultKind::Internal, "the token service is down"));
    // After 1, 2, 4, 8 s.
    assert_eq!(calls.load(Ordering::Relaxed), 1 + 5);
    fails.store(false, Ordering::Relaxed);
    sleep(20 * MINUTE).await;
    assert_eq!(told(vault.read().await), "yes");
    // On the way to another connection, too: the client does not end for that.
    fails.store(true, Ordering::Relaxed);
    wire.cut();
    sleep(10 * MINUTE).await;
    assert!(matches!(client.status(), ClientStatus::Reconnecting(_)), "{:?}", client.status());
    fails.store(false, Ordering::Relaxed);
    sleep(MINUTE).await;
    assert_eq!(
        (client.status(), told(vault.read().await)),
        (ClientStatus::Connected, "yes".into())
    );
}

/// Somebody who is there under its id may be gone before long.
#[tokio::test(start_paused = true)]
async fn a_client_whose_id_somebody_else_has_goes_on_trying() {
    let wire = Wire::default();
    let (_server, _) = started(&wire, "taken").await;
    let client = calling(&wire).id("desk").login(Credentials::token("t-ann"));
    let client = client.connect("wire://vault").await.unwrap();
    let mut errors = client.errors();
    wire.refuse(true);
    wire.cut();
    let mut status = client.watch_status();
    status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
    let squatter = Client::builder().id("desk").login(Credentials::token("t-eve"));
    let squatter = squatter.connect("memory://taken").await.unwrap();
    wire.refuse(false);
    while soon(errors.next()).await.unwrap().kind() != FaultKind::Forbidden {}
    sleep(5 * MINUTE).await;
    assert!(matches!(client.status(), ClientStatus::Reconnecting(_)), "{:?}", client.status());
    squatter.logout().await.unwrap();
    soon(status.wait_for(|status| *status == ClientStatus::Connected)).await.unwrap();
    assert_eq!(client.typed::<vault::Client>().unwrap().whoami().await.unwrap(), "ann");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_was_refused_is_there_again_after_the_login() {
    let wire = Wire::default();
    let (server, _) = started(&wire, "refused").await;
    let client =
        calling(&wire).login(Credentials::token("t-ann")).connect("wire://vault").await.unwrap();
    let mut moved = client.subscribe::<Moved>().await.unwrap();
    let mut errors = client.errors();
    client.logout().await.unwrap();
    cut(&wire, &client).await;
    // Said once that it is refused; the connection that was cut is there, too.
    while soon(errors.next()).await.unwrap().kind() != FaultKind::AuthenticationRequired {}
    server.broadcast(Moved { what: "unseen".into() }).await.unwrap();
    client.login(Credentials::token("t-ann")).await.unwrap();
    server.broadcast(Moved { what: "seen".into() }).await.unwrap();
    assert_eq!(soon(moved.next()).await.unwrap().what, "seen", "on this very connection");
    // Once, however often somebody logs in.
    client.login(Credentials::token("t-ann")).await.unwrap();
    server.broadcast(Moved { what: "last".into() }).await.unwrap();
    assert_eq!(soon(moved.next()).await.unwrap().what, "last");
}

#[tokio::test(start_paused = true)]
async fn the_token_that_was_handed_out_spares_the_password() {
    let wire = Wire::default();
    let users = Arc::new(users().token_lifetime(60 * MINUTE));
    let server = serving()
        .authenticator(Arc::clone(&users))
        .limits(|limits: &mut Limits| limits.login = 3600 * MINUTE)
        .transport(wire.clone())
        .bind("wire://vault");
    let _server = server.start().await.unwrap();
    let login = Credentials::password("ann", "ann's");
    let client = calling(&wire).login(login).connect("wire://vault").await.unwrap();
    let vault: vault::Client = client.typed().unwrap();
    for _ in 0..3 {
        cut(&wire, &client).await;
        assert_eq!((told(vault.read().await), users.checked()), ("yes".into(), 1));
    }
    // A token that is good no more is no reason to give up.
    sleep(61 * MINUTE).await;
    assert_eq!(told(vault.read().await), "A");
    cut(&wire, &client).await;
    assert_eq!((told(vault.read().await), users.checked()), ("yes".into(), 2));
}

/// What somebody had before is not taken from them because they were quicker than themselves.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_overtaken_leaves_the_token_good_and_a_logout_does_not() {
    struct Slow(Arc<Mutex<Vec<String>>>);

    #[async_trait::async_trait]
    impl magicbutton::auth::Authenticator for Slow {
        async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
            let (login, token) = match credentials {
                Credentials::Token(token) => (Login::new(Actor::new("ann")), token),
                _ => (Login::new(Actor::new("bob")), "made for this".to_owned()),
            };
            let slow = if token == "slow" || login.actor.id == "bob" { 2 } else { 1 };
            sleep(Duration::from_secs(slow)).await;
            Ok(Login { token: Some(token), ..login })
        }

        async fn logout(&self, login: &Login) {
            self.0.lock().unwrap().push(login.token.clone().unwrap());
        }
    }

    let revoked: Arc<Mutex<Vec<String>>> = Arc::default();
    let server = serving().authenticator(Slow(Arc::clone(&revoked))).bind("memory://slow");
    let _server = server.start().await.unwrap();
    let client = Client::connect("memory://slow").await.unwrap();
    // Whoever is overtaken while nobody is logged in yet has not been logged out.
    let (quick, slow) = (Credentials::token("quick"), Credentials::token("slow"));
    let (quick, slow) = futures_util::join!(client.login(quick), client.login(slow));
    assert_eq!(quick.unwrap_err().kind(), FaultKind::Unavailable);
    slow.unwrap();
    assert_eq!(*revoked.lock().unwrap(), [] as [&str; 0]);
    let overtaken = async |first: Credentials| {
        let quick = client.login(Credentials::token("quick"));
        let (first, quick) = futures_util::join!(client.login(first), quick);
        assert_eq!(first.unwrap_err().kind(), FaultKind::Unavailable);
        quick.unwrap();
        std::mem::take(&mut *revoked.lock().unwrap())
    };
    assert_eq!(overtaken(Credentials::token("slow")).await, [] as [&str; 0]);
    assert_eq!(overtaken(Credentials::password("bob", "")).await, ["made for this"]);
    let (login, logout) =
        futures_util::join!(client.login(Credentials::token("slow")), client.logout());
    assert_eq!((login.unwrap_err().kind(), logout), (FaultKind::Unavailable, Ok(())));
    assert_eq!(*revoked.lock().unwrap(), ["quick", "slow"]);
}

/// A token is what a client is asked about, where its server tells tokens from passwords.
#[tokio::test]
async fn a_token_is_verified() {
    struct Verifies;

    #[async_trait::async_trait]
    impl magicbutton::auth::Authenticator for Verifies {
        async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
            match credentials {
                Credentials::Password { username, .. } => Ok(Login::new(Actor::new(username))),
                _ => Err(LoginError::Unavailable),
            }
        }

        async fn verify(&self, token: &str) -> Result<Login, LoginError> {
            Ok(Login::new(Actor::new(format!("the owner of {token}"))))
        }
    }

    let server = serving().authenticator(Verifies).bind("memory://verifies");
    let _server = server.start().await.unwrap();
    let client = Client::connect("memory://verifies").await.unwrap();
    let logged_in = client.login(Credentials::token("t-1")).await.unwrap();
    assert_eq!(logged_in.user_id, "the owner of t-1");
    assert_eq!(client.login(Credentials::password("ann", "")).await.unwrap().user_id, "ann");
    let begun = Instant::now();
    tokio::time::pause();
    advance(Duration::from_secs(3600)).await;
    assert!(client.logged_in().is_some(), "it has no end: {:?}", begun.elapsed());
}

/// Lets everybody in, once after so long a time where that is asked for.
struct After(Arc<AtomicBool>, Duration);

#[async_trait::async_trait]
impl magicbutton::auth::Authenticator for After {
    async fn login(&self, _: Credentials) -> Result<Login, LoginError> {
        if self.0.swap(false, Ordering::SeqCst) {
            sleep(self.1).await;
        }
        Ok(Login::new(Actor::new("ann")))
    }
}

/// Around everything that a client sends, and in nobody's way.
fn around() -> impl magicbutton::middleware::Middleware {
    magicbutton::middleware::from_fn(async |message, next: magicbutton::middleware::Next| {
        next.run(message).await
    })
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_an_answer_to_a_login() {
    let wire = Wire::default();
    let deaf = Arc::new(AtomicBool::new(false));
    let server = serving()
        .authenticator(After(Arc::clone(&deaf), 3600 * MINUTE))
        .limits(|limits: &mut Limits| limits.login = 3600 * MINUTE)
        .transport(wire.clone());
    let _server = server.bind("wire://vault").bind("memory://deaf").start().await.unwrap();
    let plain = calling(&wire).connect("wire://vault").await.unwrap();
    let layered = calling(&wire).middleware(around()).connect("wire://vault").await.unwrap();
    let near = Client::builder().middleware(around()).connect("memory://deaf").await.unwrap();
    for client in [plain, layered, near] {
        deaf.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        let late = client.login(Credentials::token("t")).await.unwrap_err();
        assert_eq!((late.kind(), begun.elapsed()), (FaultKind::Timeout, MINUTE / 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_takes_too_long_once_is_not_the_end_of_a_client() {
    let wire = Wire::default();
    let slow = Arc::new(AtomicBool::new(false));
    let server = serving().authenticator(After(Arc::clone(&slow), MINUTE));
    let server = server.limits(|limits: &mut Limits| limits.login = 3600 * MINUTE);
    let _server = server.transport(wire.clone()).bind("wire://vault").start().await.unwrap();
    let client = calling(&wire)
        .login(Credentials::token("t"))
        .limits(|limits| limits.handshake = 10 * MINUTE)
        .connect("wire://vault")
        .await
        .unwrap();
    slow.store(true, Ordering::SeqCst);
    wire.cut();
    let mut status = client.watch_status();
    status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
    status
        .wait_for(|status| *status == ClientStatus::Connected || status.is_final())
        .await
        .unwrap();
    assert_eq!(client.status(), ClientStatus::Connected);
    assert!(!slow.load(Ordering::SeqCst), "it was slow once");
    assert!(client.logged_in().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_ahead_does_not_have_a_login_renewed_all_the_time() {
    let wire = Wire::default();
    let over = |name: &str| Login {
        expires_at: Some(SystemTime::now() - MINUTE),
        ..Login::new(Actor::new(name))
    };
    let asked = Asked::default();
    let server = serving().authenticator(asked.authenticator(over)).transport(wire.clone());
    let server = server.limits(|limits: &mut Limits| limits.login = 3600 * MINUTE);
    let _server = server.bind("wire://vault").start().await.unwrap();
    let count = Arc::default();
    let client = calling(&wire).login_with(counted(&count)).connect("wire://vault").await.unwrap();
    sleep(10 * MINUTE).await;
    let often = count.load(Ordering::Relaxed);
    assert!((5..40).contains(&often), "asked {often} times");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn what_a_program_says_to_itself_is_not_said_to_its_callers() {
    let wire = Wire::default();
    let (_server, _) = started(&wire, "inner").await;
    let broken = Arc::new(AtomicBool::new(false));
    let fails = Arc::clone(&broken);
    let client = calling(&wire)
        .login_with(move || {
            std::future::ready(if fails.load(Ordering::SeqCst) {
                Err(Fault::internal("https://issuer/?secret=hunter2 does not answer"))
            } else {
                Ok(Credentials::token("t-ann"))
            })
        })
        .connect("wire://vault")
        .await
        .unwrap();
    let mut errors = client.errors();
    broken.store(true, Ordering::SeqCst);
    wire.cut();
    let told = errors.next().await.unwrap();
    assert!(told.message().contains("hunter2"), "whoever asks for it is told all");
    let vault: vault::Client = client.typed().unwrap();
    let fault = vault.hours().await.unwrap_err().into_fault();
    assert!(fault.message().contains("INTERNAL_SERVER_ERROR"), "{fault}");
    assert!(!fault.message().contains("hunter2"), "{fault}");
}
