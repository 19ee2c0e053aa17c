//! What one server has let in, or out, every other follows: also where it refuses, cannot ask, has
//! missed it, or was not there yet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, Received, Server,
    auth::{Authenticator, Credentials, Login, LoginError},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    identity::{Vault, ask, vault, with},
    login::{Door, all_take_for, door},
    lossy::lossy,
    nats_server,
};

/// Lets in whoever has a token `t-<name>`, unless it is told otherwise.
#[derive(Default)]
struct Moody {
    /// Whom it refuses, and whom it cannot ask about.
    refuses: Option<&'static str>,
    fails: Option<&'static str>,
    /// How often it fails.
    times: AtomicU64,
    /// How long it takes, and for how long a login is good, in milliseconds.
    takes: u64,
    lasts: Option<u64>,
    asked: Arc<AtomicUsize>,
    /// How many tokens were ended.
    ended: Arc<AtomicUsize>,
}

#[async_trait]
impl Authenticator for Moody {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(self.takes)).await;
        let Credentials::Token(token) = credentials else { return Err(LoginError::InvalidToken) };
        let name = token.strip_prefix("t-").ok_or(LoginError::InvalidToken)?;
        if self.refuses == Some(name) {
            return Err(LoginError::InvalidToken);
        }
        let left = self.times.load(Ordering::SeqCst);
        if self.fails == Some(name) && left > 0 {
            self.times.store(left - 1, Ordering::SeqCst);
            return Err(LoginError::Unavailable);
        }
        let expires_at = self.lasts.map(|lasts| SystemTime::now() + Duration::from_millis(lasts));
        Ok(Login { expires_at, ..Login::new(Actor::new(name)) })
    }

    async fn logout(&self, _: &Login) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

async fn serve(name: &str, url: &str, moody: Moody) -> Server {
    let server = Server::builder().id(name).serve(door::serve(Door(name.to_owned())));
    server.authenticator(moody).bind(url).start().await.unwrap()
}

/// A client whose signs of life come often.
async fn lively(url: &str) -> Client {
    let client = Client::builder().limits(|limits| limits.heartbeat = Duration::from_millis(100));
    client.connect(url).await.unwrap()
}

async fn log_in(client: &Client, name: &str) {
    client.login(Credentials::token(format!("t-{name}"))).await.unwrap();
}

/// Whom each of two servers takes the caller for.
async fn taken_for(client: &Client) -> [Option<String>; 2] {
    let door: door::Client = client.typed().unwrap();
    let asking = async {
        let mut found = [None, None];
        while found.iter().any(Option::is_none) {
            let (server, who) = door.knock().await.unwrap();
            found[usize::from(server == "two")] = Some(who);
        }
        found.map(Option::flatten)
    };
    timeout(Duration::from_secs(5), asking).await.unwrap()
}

#[tokio::test]
async fn where_a_later_login_is_refused_the_former_one_is_over() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    let _two = serve("two", &url, Moody { refuses: Some("bob"), ..Moody::default() }).await;
    log_in(&client, "ada").await;
    all_take_for(&client, Some("ada"), &["one", "two"]).await;
    let mut errors = client.errors();
    log_in(&client, "bob").await;
    assert_eq!(taken_for(&client).await, [Some("bob".to_owned()), None]);
    let told = timeout(Duration::from_secs(5), errors.next()).await.unwrap().unwrap();
    assert_eq!(told.code(), "INVALID_TOKEN", "that one server did not take it is told");
    // What was refused for good is not tried again.
    sleep(Duration::from_millis(400)).await;
    assert_eq!(taken_for(&client).await, [Some("bob".to_owned()), None]);
    log_in(&client, "ada").await;
    all_take_for(&client, Some("ada"), &["one", "two"]).await;
}

#[tokio::test]
async fn a_server_that_could_not_ask_asks_again() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    let moody = Moody { fails: Some("bob"), times: AtomicU64::new(2), ..Moody::default() };
    let _two = serve("two", &url, moody).await;
    log_in(&client, "ada").await;
    all_take_for(&client, Some("ada"), &["one", "two"]).await;
    log_in(&client, "bob").await;
    // Until then it serves nothing, rather than taking the client for somebody else.
    let bob = || Some("bob".to_owned());
    assert_eq!(taken_for(&client).await, [bob(), bob()]);
    all_take_for(&client, Some("bob"), &["one", "two"]).await;
}

#[tokio::test]
async fn whom_a_server_cannot_ask_about_it_does_not_serve() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    let times = AtomicU64::new(1_000);
    let _two = serve("two", &url, Moody { fails: Some("ada"), times, ..Moody::default() }).await;
    log_in(&client, "ada").await;
    let door: door::Client = client.typed().unwrap();
    for _ in 0..20 {
        match door.knock().await {
            Ok((server, who)) => assert_eq!((&*server, who.as_deref()), ("one", Some("ada"))),
            Err(failure) => {
                let told = failure.into_fault();
                assert_eq!((told.code(), told.is_retryable()), ("UNAVAILABLE", true), "{told}");
                assert!(told.message().contains("cannot check logins"), "{told}");
            }
        }
    }
    // Somebody else whom it knows is served by it at once.
    log_in(&client, "bob").await;
    all_take_for(&client, Some("bob"), &["one", "two"]).await;
    drop(one);
}

#[tokio::test]
async fn the_same_credentials_again_are_a_new_login_everywhere() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let brief = |asked: &Arc<AtomicUsize>| Moody {
        lasts: Some(4_000),
        asked: Arc::clone(asked),
        ..Moody::default()
    };
    let asked = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let _one = serve("one", &url, brief(&asked[0])).await;
    let client = lively(&url).await;
    let _two = serve("two", &url, brief(&asked[1])).await;
    all_take_for(&client, None, &["one", "two"]).await;
    for _ in 0..2 {
        log_in(&client, "ada").await;
        sleep(Duration::from_millis(2_500)).await;
        let ada = || Some("ada".to_owned());
        assert_eq!(taken_for(&client).await, [ada(), ada()], "renewed at both");
    }
    assert_eq!(asked.map(|asked| asked.load(Ordering::SeqCst)), [2, 2], "each is asked once");
}

#[tokio::test]
async fn a_server_that_has_missed_a_logout_is_told_again() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    let way = lossy(engine.address(), "mb.$sys.door.join").await;
    let _two = serve("two", &format!("nats://{}/", way.address), Moody::default()).await;
    log_in(&client, "ada").await;
    all_take_for(&client, Some("ada"), &["one", "two"]).await;
    way.loses.store(true, Ordering::SeqCst);
    client.logout().await.unwrap();
    assert!(way.lost.load(Ordering::SeqCst) > 0, "nothing was lost");
    assert_eq!(taken_for(&client).await, [None, None]);
}

#[tokio::test]
async fn an_event_waits_until_a_server_that_comes_knows_whose_it_is() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let heard = Arc::new(AtomicUsize::new(0));
    let start = async |name: &str, takes: u64| {
        let (heard, name) = (Arc::clone(&heard), name.to_owned());
        let server = Server::builder().id(&name).serve(vault::serve(Vault));
        let server = server.authenticator(Owners { takes });
        let server = server.on(move |event: Received<vault::Opened>| {
            heard.fetch_add(1, Ordering::SeqCst);
            assert_eq!(event.context().actor().map(|actor| &*actor.id), Some("ada"), "at {name}");
            async { Ok(()) }
        });
        server.bind(url.as_str()).start().await.unwrap()
    };
    let one = start("one", 0).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let emitting = async {
        for number in 1..=100 {
            client.emit(vault::Opened { by: number.to_string() }).await.unwrap();
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (two, ()) = futures_util::join!(start("two", 300), emitting);
    let all = async {
        while heard.load(Ordering::SeqCst) < 100 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(3), all).await;
    in_time.unwrap_or_else(|_| panic!("{} of 100 were taken", heard.load(Ordering::SeqCst)));
    drop((one, two));
}

/// Whoever has a token is an owner.
struct Owners {
    takes: u64,
}

#[async_trait]
impl Authenticator for Owners {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        sleep(Duration::from_millis(self.takes)).await;
        let Credentials::Token(token) = credentials else { return Err(LoginError::InvalidToken) };
        let name = token.strip_prefix("t-").ok_or(LoginError::InvalidToken)?;
        Ok(Login::new(Actor { roles: vec!["owner".into()], ..Actor::new(name) }))
    }
}

#[tokio::test]
async fn a_call_has_no_more_time_while_a_server_asks_who_calls() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let _two = serve("two", &url, Moody { takes: 3_000, ..Moody::default() }).await;
    let door: door::Client = client.typed().unwrap();
    let mut late = 0;
    for _ in 0..20 {
        let began = Instant::now();
        match door.knock().timeout(Duration::from_millis(100)).await {
            Ok((server, _)) => assert_eq!(server, "one"),
            Err(failure) => {
                assert_eq!(failure.into_fault().code(), "TIMEOUT");
                late += 1;
            }
        }
        assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
    }
    assert!(late > 0, "the other one was never asked");
}

#[tokio::test]
async fn a_server_that_comes_serves_nobody_before_it_knows_who_they_are() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let slow = Moody { takes: 300, ..Moody::default() };
    let coming = tokio::spawn(async move { serve("two", &url, slow).await });
    let door: door::Client = client.typed().unwrap();
    let knocking = async {
        let mut of_two = 0;
        while of_two < 20 {
            let (server, who) = door.knock().await.unwrap();
            assert_eq!(who.as_deref(), Some("ada"), "{server} does not know who has called");
            of_two += usize::from(server == "two");
        }
    };
    timeout(Duration::from_secs(10), knocking).await.unwrap();
    drop(coming.await.unwrap());
}

#[tokio::test]
async fn a_logout_overtakes_the_login_that_a_server_has_begun_with() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let slow = Moody { takes: 500, asked: Arc::clone(&asked), ..Moody::default() };
    let _two = serve("two", &url, slow).await;
    let begun = async {
        while asked.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), begun).await.unwrap();
    client.logout().await.unwrap();
    sleep(Duration::from_millis(800)).await;
    assert_eq!(taken_for(&client).await, [None, None]);
}

/// Three servers, 32 calls under way at any time, and each server restarted in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_rolling_restart_every_call_is_of_who_has_logged_in() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let names = ["one", "two", "three"];
    let start = async |name: &str| serve(name, &url, Moody { takes: 20, ..Moody::default() }).await;
    let mut servers = Vec::new();
    for name in names {
        servers.push(start(name).await);
    }
    let client = Client::connect(url.as_str()).await.unwrap();
    log_in(&client, "ada").await;
    let door: door::Client = client.typed().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..32)
        .map(|_| {
            let (door, over) = (door.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut made = 0;
                while !over.load(Ordering::Relaxed) {
                    let (server, who) = door.knock().await.unwrap();
                    assert_eq!(
                        who.as_deref(),
                        Some("ada"),
                        "{server} takes the caller for another"
                    );
                    made += 1;
                    sleep(Duration::from_millis(1)).await;
                }
                made
            })
        })
        .collect();
    for round in 0..12 {
        let at = round % names.len();
        servers[at].stop().await.unwrap();
        servers[at] = start(names[at]).await;
        // As long as it takes until it knows its clients; less, and nobody would.
        sleep(Duration::from_millis(100)).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut made = 0;
    for caller in callers {
        made += caller.await.unwrap();
    }
    assert!(made > 300, "too few calls to prove anything: {made}");
}

#[tokio::test]
async fn a_login_that_fails_does_not_tell_who_a_client_is() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let one = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let times = AtomicU64::new(1_000);
    let _two = serve("two", &url, Moody { fails: Some("ada"), times, ..Moody::default() }).await;
    let door: door::Client = client.typed().unwrap();
    let unknown = "cannot check logins";
    // The client meets the one, and misses the other.
    sleep(Duration::from_millis(500)).await;
    one.stop().await.unwrap();
    sleep(Duration::from_millis(500)).await;
    let refused = client.login(Credentials::token("wrong")).await.unwrap_err();
    assert!(refused.message().contains(unknown), "{refused}");
    for _ in 0..3 {
        let told = door.knock().await.unwrap_err().into_fault();
        assert!(told.message().contains(unknown), "it does not take her for nobody: {told}");
    }
    // She may always leave.
    client.logout().await.unwrap();
    assert_eq!(door.knock().await.unwrap(), ("two".to_owned(), None));
}

#[tokio::test]
async fn a_stop_waits_until_it_is_known_whose_the_last_messages_are() {
    let Some(engine) = nats_server::start() else { return };
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::builder().serve(vault::serve(Vault)).authenticator(Owners { takes: 800 });
    let server = server.on(move |event: Received<vault::Opened>| {
        let told = told.clone();
        async move {
            told.send(event.by.clone()).unwrap();
            Ok(())
        }
    });
    let server = server.bind(engine.url("")).start().await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let (subject, payload) = ("mb.vault.v1.emit.opened", r#"{"by":"bob"}"#.into());
    nats.publish_with_headers(subject, with("Mb-Token", "t-bob"), payload).await.unwrap();
    let asking = ask(&nats, "take", with("Mb-Token", "t-bob"), serde_json::json!({}));
    let stopping = async {
        sleep(Duration::from_millis(200)).await;
        server.stop().await.unwrap();
    };
    let (answer, ()) = futures_util::join!(asking, stopping);
    assert_eq!(answer, "\"gold\"");
    assert_eq!(heard.recv().await.as_deref(), Some("bob"));
}

#[tokio::test]
async fn events_of_who_has_never_joined_take_no_room_of_others() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let heard = Arc::new(AtomicUsize::new(0));
    let start = async |takes: u64| {
        let heard = Arc::clone(&heard);
        let server = Server::builder().serve(vault::serve(Vault)).authenticator(Owners { takes });
        let server = server.on(move |_: Received<vault::Opened>| {
            heard.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
        server.bind(url.as_str()).start().await.unwrap()
    };
    let _one = start(0).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let _two = start(1_000).await;
    let eve = async_nats::connect(engine.address()).await.unwrap();
    for _ in 0..4_000 {
        let headers = with("Mb-From", "_INBOX.nobody.");
        let (subject, payload) = ("mb.vault.v1.emit.opened", r#"{"by":"eve"}"#.into());
        eve.publish_with_headers(subject, headers, payload).await.unwrap();
    }
    eve.flush().await.unwrap();
    for _ in 0..50 {
        client.emit(vault::Opened { by: "ada".to_owned() }).await.unwrap();
    }
    let all = async {
        while heard.load(Ordering::SeqCst) < 50 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(3), all).await;
    in_time.unwrap_or_else(|_| panic!("{} of 50 were taken", heard.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn a_login_whose_answer_is_lost_is_none_anywhere() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let ended = Arc::new(AtomicUsize::new(0));
    let moody = || Moody { ended: Arc::clone(&ended), ..Moody::default() };
    let _one = serve("one", &url, moody()).await;
    let way = lossy(engine.address(), "_INBOX.hers.").await;
    let client = lively(&format!("nats://{}/?inbox=_INBOX.hers", way.address)).await;
    let _two = serve("two", &url, moody()).await;
    for before in [None, Some("ada")] {
        if let Some(before) = before {
            log_in(&client, before).await;
        }
        all_take_for(&client, before, &["one", "two"]).await;
        way.loses.store(true, Ordering::SeqCst);
        let lost = client.login(Credentials::token("t-bob"));
        assert!(timeout(Duration::from_millis(500), lost).await.is_err(), "it was answered");
        way.loses.store(false, Ordering::SeqCst);
        all_take_for(&client, before, &["one", "two"]).await;
    }
    log_in(&client, "bob").await;
    all_take_for(&client, Some("bob"), &["one", "two"]).await;
    assert_eq!(ended.load(Ordering::SeqCst), 0, "what was given up can be tried again");
}

#[tokio::test]
async fn whoever_guesses_stays_who_they_are() {
    let Some(engine) = nats_server::start() else { return };
    let url = engine.url("");
    let _server = serve("one", &url, Moody::default()).await;
    let client = lively(&url).await;
    log_in(&client, "ada").await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        let refused = client.login(Credentials::token("wrong")).await.unwrap_err();
        codes.push(refused.code().to_owned());
    }
    assert_eq!(codes.last().map(String::as_str), Some("RATE_LIMIT_EXCEEDED"), "{codes:?}");
    sleep(Duration::from_millis(300)).await;
    let door: door::Client = client.typed().unwrap();
    assert_eq!(door.knock().await.unwrap().1.as_deref(), Some("ada"));
}
