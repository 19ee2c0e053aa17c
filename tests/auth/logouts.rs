//! What a logout ends: whatever is done with its token, on whichever connection, and whatever is under
//! way when it comes.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use magicbutton::{
    Actor, Client, ClientStatus, FaultKind, Limits, Server,
    auth::{Authenticator, Credentials, Login, LoginError},
};
use tokio::time::sleep;

use crate::{Asked, by_hand::soon, log_in, serving, told, users::users, vault, wire::Wire};

const SECOND: Duration = Duration::from_secs(1);

/// Everybody is in who shows a token that nobody has logged out with. Saying so, and logging out,
/// takes a second.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<HashSet<String>>>);

#[async_trait::async_trait]
impl Authenticator for Slow {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        let Credentials::Token(token) = credentials else {
            return Err(LoginError::InvalidCredentials);
        };
        let is_good = !self.0.lock().unwrap().contains(&token);
        sleep(SECOND).await;
        let actor = Actor { roles: vec!["reader".into()], ..Actor::new("ann") };
        let login = Login { token: Some(token), ..Login::new(actor) };
        if is_good { Ok(login) } else { Err(LoginError::InvalidToken) }
    }

    async fn logout(&self, login: &Login) {
        sleep(SECOND).await;
        self.0.lock().unwrap().extend(login.token.clone());
    }
}

/// A server that is reached over this wire, and over memory under this name.
async fn started(authenticator: impl Authenticator, wire: &Wire, name: &str) -> Server {
    let server = serving()
        .authenticator(authenticator)
        .limits(|limits: &mut Limits| limits.login = 100_000 * SECOND)
        .transport(wire.clone())
        .bind("wire://vault")
        .bind(format!("memory://{name}"));
    server.start().await.unwrap()
}

async fn connect(wire: &Wire) -> Client {
    Client::builder().transport(wire.clone()).connect("wire://vault").await.unwrap()
}

#[tokio::test]
async fn whoever_logs_out_is_out_wherever_the_token_is() {
    let wire = Wire::default();
    let server = started(users(), &wire, "everywhere").await;
    let anns = || Credentials::password("ann", "ann's");
    let first = log_in("memory://everywhere", anns()).await;
    let token = first.client().logged_in().unwrap().token.unwrap();
    let clients = [Client::connect("memory://everywhere").await.unwrap(), connect(&wire).await];
    let clients = clients.map(|client| client.typed::<vault::Client>().unwrap());
    let mut others = Vec::new();
    for client in &clients {
        client.client().login(Credentials::token(token.clone())).await.unwrap();
        let mut items = client.watch();
        items.next().await.unwrap().unwrap();
        others.push((client.subscribe::<vault::Moved>().await.unwrap(), items, client));
    }
    // As herself, and with another token; and somebody else.
    let apart = log_in("memory://everywhere", anns()).await;
    let bob = log_in("memory://everywhere", Credentials::password("bob", "bob's")).await;
    first.client().logout().await.unwrap();
    server.broadcast(vault::Moved { what: "unseen".into() }).await.unwrap();
    for (mut moved, mut items, client) in others {
        assert_eq!(told(soon(items.next()).await.unwrap()), "A");
        assert!(items.next().await.is_none());
        assert_eq!(told(client.read().await), "A");
        let refused = client.client().login(Credentials::token(token.clone())).await.unwrap_err();
        assert_eq!(refused.code(), "INVALID_TOKEN");
        client.client().login(anns()).await.unwrap();
        server.broadcast(vault::Moved { what: "seen".into() }).await.unwrap();
        assert_eq!(soon(moved.next()).await.unwrap().what, "seen");
    }
    assert_eq!((told(apart.read().await), told(bob.shift().await)), ("yes".into(), "yes".into()));
}

/// What a server has not handed out, nor is told of, is as good as before.
#[tokio::test]
async fn a_token_that_no_logout_ends_is_good_on_other_connections() {
    let keyed = Asked::default().authenticator(|name| Login::new(Actor::new(name)));
    let _server = started(keyed, &Wire::default(), "keyed").await;
    let key = || Credentials::token("t-ann");
    let (one, other) =
        (log_in("memory://keyed", key()).await, log_in("memory://keyed", key()).await);
    one.client().logout().await.unwrap();
    assert_eq!((told(one.whoami().await), told(other.whoami().await)), ("A".into(), "yes".into()));
}

#[tokio::test(start_paused = true)]
async fn a_login_under_way_with_a_token_that_is_logged_out_comes_to_nothing() {
    let wire = Wire::default();
    let _server = started(Slow::default(), &wire, "under-way").await;
    let first = log_in("memory://under-way", Credentials::token("t")).await;
    let late = connect(&wire).await;
    let (login, logout) = futures_util::join!(
        async {
            sleep(SECOND / 2).await;
            late.login(Credentials::token("t")).await
        },
        first.client().logout(),
    );
    logout.unwrap();
    assert_eq!(login.unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(late.logged_in(), None);
    assert_eq!(told(late.typed::<vault::Client>().unwrap().read().await), "A");
    let refused = late.login(Credentials::token("t")).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::InvalidToken);
}

#[tokio::test(start_paused = true)]
async fn a_logout_is_carried_through_whoever_has_left() {
    let wire = Wire::default();
    let slow = Slow::default();
    let _server = started(slow.clone(), &wire, "left").await;
    for way in ["wire://vault", "memory://left"] {
        let token = || Credentials::token(way);
        let leaving = Client::builder().transport(wire.clone()).login(token());
        let leaving = leaving.connect(way).await.unwrap();
        let other = log_in("memory://left", token()).await;
        let logout = tokio::time::timeout(SECOND / 2, leaving.logout()).await;
        assert!(logout.is_err(), "it is under way");
        leaving.disconnect().await;
        sleep(SECOND).await;
        assert!(slow.0.lock().unwrap().contains(way));
        assert_eq!(told(other.read().await), "A");
    }
}

/// A client over the wire, logged in as ann, be it with something given or somebody to ask.
async fn anns(wire: &Wire, by_hook: bool) -> (Client, vault::Client) {
    let builder = Client::builder().transport(wire.clone());
    let token = || Credentials::token("t-ann");
    let builder = match by_hook {
        true => builder.login_with(move || std::future::ready(Ok(token()))),
        false => builder.login(token()),
    };
    let client = builder.connect("wire://vault").await.unwrap();
    let vault: vault::Client = client.typed().unwrap();
    assert_eq!(vault.whoami().await.unwrap(), "ann");
    (client, vault)
}

async fn connected(client: &Client) {
    let mut status = client.watch_status();
    soon(status.wait_for(|status| *status == ClientStatus::Connected)).await.unwrap();
}

async fn lost(wire: &Wire, client: &Client) {
    wire.cut();
    let mut status = client.watch_status();
    status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
}

fn readers(credentials: Credentials) -> Result<Login, LoginError> {
    let Credentials::Token(token) = credentials else { return Err(LoginError::InvalidToken) };
    let roles = vec!["reader".into()];
    Ok(Login::new(Actor { roles, ..Actor::new(token.trim_start_matches("t-")) }))
}

#[tokio::test(start_paused = true)]
async fn whoever_logs_out_while_the_line_is_down_does_not_come_back() {
    let wire = Wire::default();
    let _server = started(readers, &wire, "down").await;
    for by_hook in [false, true] {
        let (client, vault) = anns(&wire, by_hook).await;
        wire.refuse(true);
        lost(&wire, &client).await;
        assert_eq!(client.logout().await.unwrap_err().kind(), FaultKind::Unavailable);
        assert_eq!(client.logged_in(), None);
        wire.refuse(false);
        connected(&client).await;
        assert_eq!((told(vault.whoami().await), client.logged_in()), ("A".into(), None));
        // Nor on the connection after that, until somebody logs in.
        lost(&wire, &client).await;
        connected(&client).await;
        assert_eq!(told(vault.whoami().await), "A");
        client.login(Credentials::token("t-ann")).await.unwrap();
        assert_eq!(vault.whoami().await.unwrap(), "ann");
    }
    // Before there is a first one.
    let client = Client::builder().transport(wire.clone()).login(Credentials::token("t-ann"));
    let client = client.connect_lazily("wire://vault").unwrap();
    client.logout().await.unwrap_err();
    connected(&client).await;
    assert_eq!(told(client.typed::<vault::Client>().unwrap().whoami().await), "A");
}

/// At each moment of a reconnection: before there is a connection, while it is registered, logged in
/// and subscribed, when it is there.
#[tokio::test(start_paused = true)]
async fn a_logout_at_any_moment_of_a_reconnection_counts() {
    let wire = Wire::default();
    let _server = started(readers, &wire, "any-moment").await;
    for by_hook in [false, true] {
        let mut while_down = 0;
        for moment in 0..75 {
            wire.set_latency(Duration::ZERO);
            let (client, vault) = anns(&wire, by_hook).await;
            let _moved = vault.subscribe::<vault::Moved>().await.unwrap();
            wire.set_latency(SECOND / 10);
            lost(&wire, &client).await;
            sleep(moment * SECOND / 50).await;
            let was_down = client.status() != ClientStatus::Connected;
            assert_eq!(client.logout().await.is_err(), was_down);
            connected(&client).await;
            assert_eq!(told(vault.whoami().await), "A", "{moment}");
            sleep(SECOND).await;
            assert_eq!((told(vault.whoami().await), client.logged_in()), ("A".into(), None));
            while_down += u32::from(was_down);
        }
        assert!((20..75).contains(&while_down), "{while_down}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_again_that_is_refused_is_no_end_for_whoever_has_logged_out() {
    let wire = Wire::default();
    let refuses = Arc::new(AtomicBool::new(false));
    let refusing = Arc::clone(&refuses);
    let authenticator = move |_: Credentials| match refusing.load(Ordering::Relaxed) {
        true => Err(LoginError::InvalidToken),
        false => Ok(Login::new(Actor::new("ann"))),
    };
    let _server = started(authenticator, &wire, "refused-again").await;
    for by_hook in [false, true] {
        refuses.store(false, Ordering::Relaxed);
        wire.set_latency(Duration::ZERO);
        let (client, vault) = anns(&wire, by_hook).await;
        wire.set_latency(2 * SECOND);
        refuses.store(true, Ordering::Relaxed);
        lost(&wire, &client).await;
        // Registered after 4 s, and at most 200 ms before; then the login is on its way.
        sleep(5 * SECOND).await;
        client.logout().await.unwrap_err();
        connected(&client).await;
        assert_eq!(told(vault.hours().await), "yes");
        assert_eq!(told(vault.whoami().await), "A");
    }
}

/// On the same connection, and read in another order than it was done in.
#[tokio::test(start_paused = true)]
async fn what_was_asked_for_last_is_what_holds() {
    let wire = Wire::default();
    let _server = started(readers, &wire, "last").await;
    let (client, vault) = anns(&wire, false).await;
    let mut login = Box::pin(client.login(Credentials::token("t-bob")));
    assert!(futures_util::poll!(&mut login).is_pending());
    // It is answered, and nobody has looked.
    sleep(SECOND).await;
    client.logout().await.unwrap();
    assert_eq!(login.await.unwrap().user_id, "bob");
    assert_eq!((told(vault.whoami().await), client.logged_in()), ("A".into(), None));
    lost(&wire, &client).await;
    connected(&client).await;
    assert_eq!((told(vault.whoami().await), client.logged_in()), ("A".into(), None));
    // Of two logins it is the second.
    let mut first = Box::pin(client.login(Credentials::token("t-bob")));
    assert!(futures_util::poll!(&mut first).is_pending());
    sleep(SECOND).await;
    client.login(Credentials::token("t-ann")).await.unwrap();
    assert_eq!(first.await.unwrap().user_id, "bob");
    assert_eq!(client.logged_in().unwrap().user_id, "ann");
    lost(&wire, &client).await;
    connected(&client).await;
    assert_eq!(vault.whoami().await.unwrap(), "ann");
}

fn for_a_while(name: &str) -> Login {
    let expires_at = Some(SystemTime::now() + 100 * SECOND);
    Login { expires_at, ..Login::new(Actor::new(name)) }
}

#[tokio::test(start_paused = true)]
async fn whoever_logs_in_otherwise_is_not_replaced_by_a_renewal_that_comes_after() {
    let wire = Wire::default();
    let asked = Asked::default();
    let _server = started(asked.authenticator(for_a_while), &wire, "renewed-after").await;
    let (client, vault) = anns(&wire, true).await;
    let mut login = Box::pin(client.login(Credentials::token("t-bob")));
    assert!(futures_util::poll!(&mut login).is_pending());
    // It is answered, then the renewal is.
    sleep(90 * SECOND).await;
    assert_eq!(asked.count(), 3);
    assert_eq!(login.await.unwrap().user_id, "bob");
    assert_eq!(vault.whoami().await.unwrap(), "bob");
    assert_eq!(client.logged_in().unwrap().user_id, "bob");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_a_logout_overtakes_brings_nobody_back() {
    let wire = Wire::default();
    let asked = Asked::default();
    let _server = started(asked.authenticator(for_a_while), &wire, "renewed-late").await;
    // Before it is sent, on its way there, on its way back, and after it.
    for moment in [79, 81, 83, 90] {
        wire.set_latency(Duration::ZERO);
        let (client, vault) = anns(&wire, true).await;
        wire.set_latency(2 * SECOND);
        lost(&wire, &client).await;
        connected(&client).await;
        let before = asked.count();
        sleep(moment * SECOND).await;
        client.logout().await.unwrap();
        sleep(10 * SECOND).await;
        assert_eq!(asked.count() - before, usize::from(moment > 80), "{moment}");
        assert_eq!((told(vault.whoami().await), client.logged_in()), ("A".into(), None));
        // And nothing is renewed any more.
        sleep(200 * SECOND).await;
        assert_eq!(asked.count() - before, usize::from(moment > 80));
        assert_eq!(told(vault.whoami().await), "A");
    }
}
