//! What a logout ends: whatever is done with its token, on whichever connection, and whatever is under
//! way when it comes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use magicbutton::{
    Actor, Authenticator, Client, Credentials, FaultKind, Limits, Login, LoginError, Server,
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
