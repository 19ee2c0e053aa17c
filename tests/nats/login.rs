//! Logging in to servers that share their clients: one is told, all of them know.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use magicbutton::{
    Actor, Client, ClientStatus, Context, EndReason, Reconnect, Reply, Server,
    auth::{Authenticator, Credentials, Login, LoginError},
    contract,
};
use tokio::time::{sleep, timeout};

use crate::nats_server;

const BRIEF: Duration = Duration::from_secs(1);

contract!(
    /// Who is there?
    #[contract(version = "1.0.0")]
    pub mod door {
        /// The server, and who it takes the caller for.
        #[request]
        async fn knock() -> (String, Option<String>);
    }
);

pub struct Door(pub String);

impl door::Service for Door {
    async fn knock(&self, cx: &Context) -> Reply<(String, Option<String>)> {
        Ok((self.0.clone(), cx.actor().map(|actor| actor.id.clone())))
    }
}

/// Takes its time, as somebody who asks a database does.
struct Knows;

#[async_trait]
impl Authenticator for Knows {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        sleep(Duration::from_millis(50)).await;
        match credentials {
            Credentials::Token(token) if token == "t-ada" => Ok(Login::new(Actor::new("ada"))),
            _ => Err(LoginError::InvalidToken),
        }
    }
}

async fn serve(name: &str, url: &str) -> Server {
    let server = Server::builder().id(name).serve(door::serve(Door(name.to_owned())));
    server.authenticator(Knows).bind(url).start().await.unwrap()
}

/// Knocks until each of these has answered, twenty times in a row, that it takes the caller for them.
pub async fn all_take_for(client: &Client, who: Option<&str>, servers: &[&str]) {
    let door: door::Client = client.typed().unwrap();
    let knocking = async {
        let (mut answered, mut row) = (HashSet::new(), 0);
        while answered.len() < servers.len() || row < 20 {
            let (server, taken_for) = door.knock().await.unwrap();
            if taken_for.as_deref() == who {
                answered.insert(server);
                row += 1;
            } else {
                (answered, row) = (HashSet::new(), 0);
                sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let in_time = timeout(Duration::from_secs(5), knocking).await;
    in_time.unwrap_or_else(|_| panic!("not all of {servers:?} take the caller for {who:?}"));
}

#[tokio::test]
async fn whom_one_server_has_let_in_all_of_them_know() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url).await;
    let two = serve("two", &url).await;
    let client = Client::connect(url.as_str()).await.unwrap();
    all_take_for(&client, None, &["one", "two"]).await;
    let refused = client.login(Credentials::token("t-bob")).await.unwrap_err();
    assert_eq!(refused.code(), "INVALID_TOKEN");
    all_take_for(&client, None, &["one", "two"]).await;
    client.login(Credentials::token("t-ada")).await.unwrap();
    all_take_for(&client, Some("ada"), &["one", "two"]).await;
    // One that comes later hears of it from the client; nobody else is taken for her.
    let _three = serve("three", &url).await;
    all_take_for(&client, Some("ada"), &["one", "two", "three"]).await;
    let stranger = Client::connect(url.as_str()).await.unwrap();
    all_take_for(&stranger, None, &["one", "two", "three"]).await;
    two.stop().await.unwrap();
    all_take_for(&client, Some("ada"), &["one", "three"]).await;
    client.logout().await.unwrap();
    all_take_for(&client, None, &["one", "three"]).await;
}

#[tokio::test]
async fn the_first_call_after_a_login_is_made_as_who_has_logged_in() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let servers = ["one", "two", "three"];
    let mut serving = Vec::new();
    for name in servers {
        serving.push(serve(name, &url).await);
    }
    let client = Client::connect(url.as_str()).await.unwrap();
    let door: door::Client = client.typed().unwrap();
    let knocks = async || {
        let knocks = futures_util::future::join_all((0..40).map(|_| door.knock())).await;
        let knocks: Vec<_> = knocks.into_iter().map(Result::unwrap).collect();
        let answered: HashSet<_> = knocks.iter().map(|(server, _)| server.as_str()).collect();
        assert_eq!(answered.len(), servers.len(), "{answered:?}");
        knocks.into_iter().map(|(_, taken_for)| taken_for).collect::<HashSet<_>>()
    };
    for _ in 0..3 {
        client.login(Credentials::token("t-ada")).await.unwrap();
        assert_eq!(knocks().await, HashSet::from([Some("ada".to_owned())]));
        client.logout().await.unwrap();
        assert_eq!(knocks().await, HashSet::from([None]));
    }
}

#[tokio::test]
async fn a_client_that_is_not_let_in_by_the_servers_is_not_connected() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url).await;
    let known = Client::builder().login(Credentials::token("t-ada")).connect(url.as_str()).await;
    all_take_for(&known.unwrap(), Some("ada"), &["one"]).await;
    let refused = Client::builder().login(Credentials::token("t-bob")).connect(url.as_str()).await;
    assert_eq!(refused.unwrap_err().code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn who_does_not_log_in_in_time_is_dismissed() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let mut serving = Vec::new();
    for name in ["one", "two"] {
        let server = Server::builder().id(name).serve(door::serve(Door(name.to_owned())));
        let server = server.authenticator(Knows).limits(|limits| limits.login = BRIEF);
        serving.push(server.bind(url.as_str()).start().await.unwrap());
    }
    let known = Client::builder().login(Credentials::token("t-ada")).connect(url.as_str()).await;
    let known = known.unwrap();
    let stranger = Client::builder().reconnect(Reconnect::never()).connect(url.as_str()).await;
    let mut status = stranger.as_ref().unwrap().watch_status();
    let dismissed = ClientStatus::Disconnected(EndReason::NotAuthenticated);
    let gone = timeout(Duration::from_secs(5), status.wait_for(|status| *status == dismissed));
    gone.await.unwrap().unwrap();
    // Programs that do not join hold no place of their own, and are served what is for everybody.
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let knocked = nats.request("mb.door.v1.req.knock", "{}".into()).await.unwrap();
    assert!(knocked.payload.ends_with(b"null]"), "{:?}", knocked.payload);
    sleep(2 * BRIEF).await;
    assert_eq!(known.status(), ClientStatus::Connected);
    all_take_for(&known, Some("ada"), &["one", "two"]).await;
    let places: Vec<_> = serving.iter().map(|server| server.clients().len()).collect();
    assert!(places.iter().all(|places| (1..=2).contains(places)), "{places:?}");
    // Nobody is logged in for ever: who has logged out is as good as a stranger.
    known.logout().await.unwrap();
    let mut status = known.watch_status();
    let lost = status.wait_for(|status| *status != ClientStatus::Connected);
    timeout(Duration::from_secs(5), lost).await.unwrap().unwrap();
}
