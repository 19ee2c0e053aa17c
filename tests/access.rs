//! Who may do what: every role against every request and event, over every way there is, from a table
//! that a person wrote; then what somebody may try who may not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "common/by_hand.rs"]
mod by_hand;
#[path = "common/nats_server.rs"]
mod nats_server;
#[path = "common/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use by_hand::{ByHand, soon};
use futures_util::StreamExt;
use magicbutton::{
    Actor, Auth, Client, ClientStatus, Context, Endpoint, Failure, Fault, FaultKind, Limits, Reply,
    Server, ServerBuilder, Stream, Subscribe,
    access::{Access, Action},
    auth::{Credentials, Login, LoginError},
    contract,
};
use serde_json::json;
use tokio::sync::{broadcast, mpsc};

contract!(
    /// Papers, and who may do what with them.
    #[contract(version = "1.0.0")]
    mod archive {
        /// Who there is.
        #[roles]
        #[derive(Copy, Eq)]
        enum Role {
            /// Reads.
            #[grants("paper:read")]
            Viewer,
            #[extends(Viewer)]
            #[grants("paper:write", "paper:announce")]
            FieldEditor,
            #[grants("*:*")]
            Admin,
            Auditor,
        }

        #[event]
        #[access(subscribe = "paper:read", emit = "paper:announce")]
        struct Changed {
            by: String,
        }

        #[event]
        #[access(role = Admin)]
        struct Sealed {
            by: String,
        }

        #[event]
        #[access(authenticated)]
        struct Noted {
            by: String,
        }

        #[event]
        #[access(public)]
        struct Opened {
            by: String,
        }

        #[error]
        enum PaperError {
            #[error(status = 404, message = "no paper")]
            NoPaper,
        }

        #[request]
        #[access(public)]
        async fn hours() -> String;

        #[request]
        #[access(authenticated)]
        async fn whoami() -> String;

        #[request]
        #[access("paper:read")]
        async fn read() -> Result<u32, PaperError>;

        #[request]
        #[access("paper:write")]
        async fn write() -> u32;

        #[request]
        #[access(role = Admin)]
        async fn purge() -> u32;

        #[request]
        #[access(any(role = Auditor, "paper:purge"))]
        async fn audit() -> u32;

        #[request]
        #[access(all("paper:read", role = FieldEditor))]
        async fn sign() -> u32;

        #[request]
        #[access("paper:read", guard = owns_paper)]
        async fn mine(owner: String) -> Result<u32, PaperError>;

        #[request]
        #[access("paper:read")]
        fn watch(then: String) -> impl Stream<Item = u32>;

        #[request]
        #[access("paper:read", guard = owns_shelf)]
        fn watch_mine(owner: String) -> impl Stream<Item = u32>;
    }
);

use archive::{Changed, Noted, Opened, PaperError, Sealed, requests};

/// A service that has begun nothing it should not.
#[derive(Clone, Default)]
struct Archive {
    begun: Arc<Mutex<Vec<String>>>,
}

impl Archive {
    fn begin(&self, what: &str) -> u32 {
        self.begun.lock().unwrap().push(what.to_owned());
        1
    }
}

fn is_owner(cx: &Context, owner: &str) -> Reply<bool> {
    if owner == "nobody-knows" {
        return Err(Fault::unavailable("the register is shut").into());
    }
    Ok(cx.require_actor()?.id == owner)
}

impl archive::Service for Archive {
    async fn hours(&self, _: &Context) -> Reply<String> {
        Ok("9 to 5".to_owned())
    }

    async fn whoami(&self, cx: &Context) -> Reply<String> {
        Ok(cx.require_actor()?.id.clone())
    }

    async fn read(&self, _: &Context) -> Reply<u32, PaperError> {
        Ok(self.begin("read"))
    }

    async fn write(&self, _: &Context) -> Reply<u32> {
        Ok(self.begin("write"))
    }

    async fn purge(&self, _: &Context) -> Reply<u32> {
        Ok(self.begin("purge"))
    }

    async fn audit(&self, _: &Context) -> Reply<u32> {
        Ok(self.begin("audit"))
    }

    async fn sign(&self, _: &Context) -> Reply<u32> {
        Ok(self.begin("sign"))
    }

    async fn owns_paper(&self, cx: &Context, request: &requests::Mine) -> Reply<bool> {
        is_owner(cx, &request.owner)
    }

    async fn mine(&self, _: &Context, _: String) -> Reply<u32, PaperError> {
        Ok(self.begin("mine"))
    }

    fn watch(&self, _: &Context, then: String) -> impl Stream<Item = Reply<u32>> + Send {
        let first = futures_util::stream::iter([Ok(self.begin("watch"))]);
        let more = match then.as_str() {
            "go on" => futures_util::stream::repeat_with(|| Ok(2)).boxed(),
            "hang" => futures_util::stream::pending().boxed(),
            _ => futures_util::stream::empty().boxed(),
        };
        first.chain(more)
    }

    async fn owns_shelf(&self, cx: &Context, request: &requests::WatchMine) -> Reply<bool> {
        is_owner(cx, &request.owner)
    }

    fn watch_mine(&self, _: &Context, _: String) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter([Ok(self.begin("watch_mine"))])
    }
}

/// The users: the name is the password, and the roles are theirs. One has no role, but a permission.
const WHO: [&str; 7] = ["nobody", "plain", "viewer", "field-editor", "admin", "auditor", "reader"];

/// `yes`, `A` for AUTHENTICATION_REQUIRED, `F` for FORBIDDEN; columns as in [`WHO`].
const TABLE: [(&str, [&str; 7]); 19] = [
    ("hours", ["yes", "yes", "yes", "yes", "yes", "yes", "yes"]),
    ("whoami", ["A", "yes", "yes", "yes", "yes", "yes", "yes"]),
    ("read", ["A", "F", "yes", "yes", "yes", "F", "yes"]),
    ("write", ["A", "F", "F", "yes", "yes", "F", "F"]),
    ("purge", ["A", "F", "F", "F", "yes", "F", "F"]),
    ("audit", ["A", "F", "F", "F", "yes", "yes", "F"]),
    ("sign", ["A", "F", "F", "yes", "F", "F", "F"]),
    ("mine", ["A", "F", "yes", "yes", "yes", "F", "yes"]),
    ("mine of others", ["A", "F", "F", "F", "F", "F", "F"]),
    ("watch", ["A", "F", "yes", "yes", "yes", "F", "yes"]),
    ("watch mine", ["A", "F", "yes", "yes", "yes", "F", "yes"]),
    ("subscribe changed", ["A", "F", "yes", "yes", "yes", "F", "yes"]),
    ("subscribe sealed", ["A", "F", "F", "F", "yes", "F", "F"]),
    ("subscribe noted", ["A", "yes", "yes", "yes", "yes", "yes", "yes"]),
    ("subscribe opened", ["yes", "yes", "yes", "yes", "yes", "yes", "yes"]),
    ("emit changed", ["A", "F", "F", "yes", "yes", "F", "F"]),
    ("emit sealed", ["A", "F", "F", "F", "yes", "F", "F"]),
    ("emit noted", ["A", "yes", "yes", "yes", "yes", "yes", "yes"]),
    ("emit opened", ["yes", "yes", "yes", "yes", "yes", "yes", "yes"]),
];

fn actor(name: &str) -> Actor {
    let mut actor = Actor::new(name);
    match name {
        "plain" => {}
        "reader" => actor.permissions = vec!["paper:read".to_owned()],
        role => actor.roles = vec![role.to_owned()],
    }
    actor
}

fn archive_of(service: Archive) -> ServerBuilder {
    Server::builder().serve(archive::serve(service)).authenticator(
        |credentials| match credentials {
            Credentials::Password { username, .. } => Ok(Login::new(actor(&username))),
            _ => Err(LoginError::InvalidToken),
        },
    )
}

async fn connect(endpoint: &str, who: &str) -> archive::Client {
    let client = Client::connect(endpoint).await.unwrap();
    if who != "nobody" {
        client.login(Credentials::password(who, "-")).await.unwrap();
    }
    client.typed().unwrap()
}

/// A server, on each of the ways, and what clients have emitted to it.
async fn started(name: &str) -> (Server, Vec<String>, mpsc::UnboundedReceiver<String>, Archive) {
    started_over(name, None).await
}

/// On the ways that each server has of its own, and over an engine, where there is one.
async fn started_over(
    name: &str,
    engine: Option<&nats_server::NatsServer>,
) -> (Server, Vec<String>, mpsc::UnboundedReceiver<String>, Archive) {
    let (emitted, seen) = mpsc::unbounded_channel();
    let service = Archive::default();
    let mut server = archive_of(service.clone())
        .on(move |event: magicbutton::Received<archive::Event>| {
            let emitted = emitted.clone();
            async move {
                let (what, by) = match &*event {
                    archive::Event::Changed(event) => ("changed", &event.by),
                    archive::Event::Sealed(event) => ("sealed", &event.by),
                    archive::Event::Noted(event) => ("noted", &event.by),
                    archive::Event::Opened(event) => ("opened", &event.by),
                };
                emitted.send(format!("emit {what} {by}")).unwrap();
                Ok(())
            }
        })
        .bind(format!("memory://{name}"))
        .bind("ws://127.0.0.1:0/archive");
    if let Some(engine) = engine {
        server = server.bind(engine.url(""));
    }
    let server = server.start().await.unwrap();
    let mut ways = vec![
        format!("memory://{name}"),
        format!("memory://{name}?codec=json"),
        server.endpoints()[1].to_string(),
    ];
    ways.extend(engine.map(|engine| engine.url("")));
    (server, ways, seen, service)
}

fn told<T, E: magicbutton::DeclaredError>(reply: Reply<T, E>) -> String {
    match reply {
        Ok(_) => "yes".to_owned(),
        Err(Failure::Fault(fault)) => refusal(&fault),
        Err(Failure::Declared(error)) => error.to_string(),
    }
}

/// The code, if nothing is told that is for the log.
fn refusal(fault: &Fault) -> String {
    let text = format!("{fault} {:?}", fault.details());
    assert!(!text.contains("paper:"), "it names a permission: {text}");
    match fault.kind() {
        FaultKind::AuthenticationRequired => "A".to_owned(),
        FaultKind::Forbidden => "F".to_owned(),
        _ => text,
    }
}

async fn first(mut items: impl Stream<Item = Reply<u32>> + Unpin) -> String {
    told(items.next().await.unwrap())
}

async fn subscribed<E: magicbutton::EventOf<archive::Client>>(client: &archive::Client) -> String {
    match client.subscribe::<E>().await {
        Ok(_) => "yes".to_owned(),
        Err(fault) => refusal(&fault),
    }
}

/// Tries everything but emitting.
async fn tried(client: &archive::Client, who: &str) -> Vec<(&'static str, String)> {
    vec![
        ("hours", told(client.hours().await)),
        ("whoami", told(client.whoami().await)),
        ("read", told(client.read().await)),
        ("write", told(client.write().await)),
        ("purge", told(client.purge().await)),
        ("audit", told(client.audit().await)),
        ("sign", told(client.sign().await)),
        ("mine", told(client.mine(who.to_owned()).await)),
        ("mine of others", told(client.mine("somebody".to_owned()).await)),
        ("watch", first(client.watch(String::new())).await),
        ("watch mine", first(client.watch_mine(who.to_owned())).await),
        ("subscribe changed", subscribed::<Changed>(client).await),
        ("subscribe sealed", subscribed::<Sealed>(client).await),
        ("subscribe noted", subscribed::<Noted>(client).await),
        ("subscribe opened", subscribed::<Opened>(client).await),
    ]
}

fn column(who: &str) -> usize {
    WHO.iter().position(|other| *other == who).unwrap()
}

fn wanted(what: &str, who: &str) -> &'static str {
    TABLE.iter().find(|(name, _)| *name == what).unwrap().1[column(who)]
}

#[tokio::test]
async fn everybody_may_what_the_table_says_over_every_way() {
    let engine = nats_server::start();
    let (_server, ways, mut emitted, _) = started_over("matrix", engine.as_ref()).await;
    for way in &ways {
        let mut expected = BTreeSet::new();
        for who in WHO {
            let client = connect(way, who).await;
            for (what, got) in soon(tried(&client, who)).await {
                assert_eq!(got, wanted(what, who), "{who}: {what} over {way}");
            }
            let by = who.to_owned();
            let sent = [
                ("emit changed", client.emit(Changed { by: by.clone() }).await),
                ("emit sealed", client.emit(Sealed { by: by.clone() }).await),
                ("emit noted", client.emit(Noted { by: by.clone() }).await),
                ("emit opened", client.emit(Opened { by }).await),
            ];
            for (what, sent) in sent {
                let wanted = wanted(what, who);
                if wanted == "yes" {
                    expected.insert(format!("{what} {who}"));
                }
                // Over a connection nobody waits for an answer to an event.
                if way == "memory://matrix" {
                    let got = sent.map_or_else(|fault| refusal(&fault), |()| "yes".to_owned());
                    assert_eq!(got, wanted, "{who}: {what} over {way}");
                }
            }
            // What was sent before has arrived.
            client.hours().await.unwrap();
        }
        let last = connect(way, "nobody").await;
        last.emit(Opened { by: "the last".to_owned() }).await.unwrap();
        let mut got = BTreeSet::new();
        loop {
            let event = soon(emitted.recv()).await.unwrap();
            if event.ends_with("the last") {
                break;
            }
            got.insert(event);
        }
        assert_eq!(got, expected, "emitted over {way}");
    }
}

#[tokio::test]
async fn everybody_may_what_the_table_says_in_process() {
    for who in WHO {
        let client = match who {
            "nobody" => archive::Client::in_process(Archive::default()),
            who => archive::Client::in_process_as(Archive::default(), actor(who)),
        };
        for (what, got) in tried(&client, who).await {
            assert_eq!(got, wanted(what, who), "{who}: {what} in process");
        }
        let by = who.to_owned();
        let emitted = client.emit(Changed { by }).await;
        let got = emitted.map_or_else(|fault| refusal(&fault), |()| "yes".to_owned());
        assert_eq!(got, wanted("emit changed", who), "{who}");
    }
}

#[test]
fn the_descriptor_says_the_same_as_the_table() {
    let contract = &archive::CONTRACT;
    let may = |rule: &Access, who: &str| {
        let actor = actor(who);
        match rule.allows(contract, (who != "nobody").then_some(&actor)) {
            true => "yes",
            false if who == "nobody" => "A",
            false => "F",
        }
    };
    for who in WHO {
        for request in contract.requests.iter().filter(|request| request.guard.is_none()) {
            assert_eq!(may(&request.access, who), wanted(request.name, who), "{}", request.name);
        }
        for event in contract.events {
            let name = |way| format!("{way} {}", event.name);
            assert_eq!(may(&event.subscribe, who), wanted(&name("subscribe"), who));
            assert_eq!(may(&event.emit, who), wanted(&name("emit"), who));
        }
    }
}

/// What of each event somebody gets who never said what they want.
#[tokio::test]
async fn who_has_not_subscribed_gets_what_they_may_read_and_nothing_else() {
    let (server, ways, ..) = started("unasked").await;
    let endpoint: Endpoint = ways[2].parse().unwrap();
    for who in WHO {
        let mut client = ByHand::connect(&endpoint).await;
        if who != "nobody" {
            client.data("$login", json!({ "username": who, "password": "-" })).await;
        }
        let by = "server".to_owned();
        server.broadcast(Changed { by: by.clone() }).await.unwrap();
        server.broadcast(Sealed { by: by.clone() }).await.unwrap();
        server.broadcast(Noted { by: by.clone() }).await.unwrap();
        server.broadcast(Opened { by }).await.unwrap();
        let mut got = Vec::new();
        for frame in client.call("hours", json!({})).await.before {
            got.push(frame["event"].as_str().unwrap().to_owned());
        }
        let events = ["changed", "sealed", "noted", "opened"];
        let may = events.iter().filter(|event| wanted(&format!("subscribe {event}"), who) == "yes");
        assert_eq!(got, may.map(|event| (*event).to_owned()).collect::<Vec<_>>(), "{who}");
    }
}

#[tokio::test]
async fn a_subscription_follows_the_login() {
    let (server, ways, ..) = started("follows").await;
    for way in &ways {
        let client = connect(way, "viewer").await;
        let mut changed = client.subscribe::<Changed>().await.unwrap();
        let mut opened = client.subscribe::<Opened>().await.unwrap();
        let tell = async |by: &str| {
            server.broadcast(Changed { by: by.to_owned() }).await.unwrap();
            server.broadcast(Opened { by: by.to_owned() }).await.unwrap();
        };
        tell("1").await;
        assert_eq!(soon(changed.next()).await.unwrap().by, "1", "{way}");
        client.client().logout().await.unwrap();
        tell("2: logged out").await;
        client.client().login(Credentials::password("auditor", "-")).await.unwrap();
        tell("3: another role").await;
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        tell("4").await;
        assert_eq!(soon(changed.next()).await.unwrap().by, "4", "{way}");
        // It was there all the time.
        for by in ["1", "2: logged out", "3: another role", "4"] {
            assert_eq!(soon(opened.next()).await.unwrap().by, by, "{way}");
        }
    }
}

#[tokio::test]
async fn a_request_for_an_event_one_may_not_read_subscribes_to_nothing() {
    let engine = nats_server::start();
    let (server, ways, ..) = started_over("wildcard", engine.as_ref()).await;
    for way in &ways {
        let client = connect(way, "viewer").await;
        let refused = client.subscribe::<archive::Event>().await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden, "{way}");
    }
    let mut client = ByHand::connect(&ways[2].parse().unwrap()).await;
    for name in ["changed", "archive/changed"] {
        let code = client.code("$subscribe", json!({ "clientId": "c", "events": [name] })).await;
        assert_eq!(code, "AUTHENTICATION_REQUIRED");
    }
    let both = json!({ "clientId": "c", "events": ["opened", "changed"] });
    client.data("$login", json!({ "username": "auditor", "password": "-" })).await;
    assert_eq!(client.code("$subscribe", both).await, "FORBIDDEN");
    for name in ["*", "archive/*", "", "changed\u{0}", "Changed"] {
        let code = client.code("$subscribe", json!({ "clientId": "c", "events": [name] })).await;
        assert_eq!(code, "CONTRACT_MISMATCH", "{name}");
    }
    let register = json!({ "clientId": "c", "events": ["changed"] });
    assert_eq!(client.code("$register", register).await, "FORBIDDEN");
    server.broadcast(Changed { by: "server".to_owned() }).await.unwrap();
    client.nothing().await;
}

#[tokio::test]
async fn what_a_client_writes_of_who_it_is_counts_for_nothing() {
    let engine = nats_server::start();
    let (_server, ways, _, service) = started_over("forged", engine.as_ref()).await;
    for way in &ways {
        let forged = || {
            let actor = Actor { permissions: vec!["paper:write".to_owned()], ..actor("admin") };
            Context::new().with_auth(Auth { token: None, actor: Some(actor) })
        };
        for (who, wanted) in [("nobody", "A"), ("viewer", "F")] {
            let client = connect(way, who).await;
            assert_eq!(told(client.purge().context(forged()).await), wanted, "{way}");
            assert_eq!(told(client.write().context(forged()).await), wanted, "{way}");
        }
        let viewer = connect(way, "viewer").await;
        assert_eq!(viewer.whoami().context(forged()).await.unwrap(), "viewer", "{way}");
    }
    let mut client = ByHand::connect(&ways[2].parse().unwrap()).await;
    client
        .send(json!({
            "type": "request", "requestId": "1", "requestType": "purge", "payload": {},
            "context": { "auth": { "actor": { "id": "admin", "type": "user", "roles": ["admin"],
                "permissions": ["paper:purge"] } }, "actor": { "id": "admin", "roles": ["admin"] } },
        }))
        .await;
    let refused = client.response("1").await.response;
    assert_eq!(refused["error"]["code"], "AUTHENTICATION_REQUIRED");
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_role_is_its_exact_name() {
    for name in [
        "Admin",
        "ADMIN",
        "admin ",
        " admin",
        "аdmin",
        "ａｄｍｉｎ",
        "admin\u{200b}",
        "admin\u{0}",
        "",
        "*",
        "admın",
    ] {
        let mut actor = Actor::new("mallory");
        actor.roles = vec![name.to_owned()];
        let client = archive::Client::in_process_as(Archive::default(), actor);
        assert_eq!(told(client.purge().await), "F", "{name:?}");
        assert_eq!(told(client.write().await), "F", "{name:?}");
    }
    for permission in ["*:*", "paper:*", "Paper:write", "paper:write ", "paper:", "*"] {
        let mut actor = Actor::new("mallory");
        actor.permissions = vec![permission.to_owned()];
        let client = archive::Client::in_process_as(Archive::default(), actor);
        assert_eq!(told(client.write().await), "F", "{permission:?}");
    }
    assert_eq!(archive::Role::FieldEditor.to_string(), "field-editor");
    assert_eq!("field-editor".parse(), Ok(archive::Role::FieldEditor));
    assert!("FieldEditor".parse::<archive::Role>().is_err());
}

#[tokio::test]
async fn a_guard_is_asked_before_the_handler_and_only_about_who_passes_the_rule() {
    let service = Archive::default();
    let client = archive::Client::in_process_as(service.clone(), actor("viewer"));
    assert_eq!(told(client.mine("somebody".to_owned()).await), "F");
    let fault = client.mine("nobody-knows".to_owned()).await.unwrap_err().into_fault();
    assert_eq!((fault.kind(), fault.message()), (FaultKind::Unavailable, "the register is shut"));
    assert_eq!(first(client.watch_mine("somebody".to_owned())).await, "F");
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
    client.mine("viewer".to_owned()).await.unwrap();
    assert_eq!(first(client.watch_mine("viewer".to_owned())).await, "yes");
    assert_eq!(*service.begun.lock().unwrap(), ["mine", "watch_mine"]);
    let auditor = archive::Client::in_process_as(service, actor("auditor"));
    assert_eq!(told(auditor.mine("nobody-knows".to_owned()).await), "F", "it is not even asked");
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_not_read_it_any_more() {
    let engine = nats_server::start();
    let (_server, ways, ..) = started_over("streams", engine.as_ref()).await;
    for way in &ways {
        for (then, another, code) in [
            ("hang", None, "A"),
            ("go on", None, "A"),
            ("hang", Some("auditor"), "F"),
            // May read too, but it is somebody else's stream.
            ("hang", Some("admin"), "F"),
        ] {
            let client = connect(way, "viewer").await;
            let mut items = client.watch(then.to_owned());
            items.next().await.unwrap().unwrap();
            match another {
                None => client.client().logout().await.unwrap(),
                Some(who) => {
                    client.client().login(Credentials::password(who, "-")).await.unwrap();
                }
            }
            let end = soon(async {
                loop {
                    // What was on its way may still come.
                    match items.next().await.unwrap() {
                        Ok(_) => {}
                        Err(failure) => return told::<(), _>(Err(failure)),
                    }
                }
            });
            assert_eq!(end.await, code, "{another:?} over {way}");
            assert!(items.next().await.is_none());
        }
        // The same user again, say with a new token: it goes on.
        let client = connect(way, "viewer").await;
        let mut items = client.watch("go on".to_owned());
        items.next().await.unwrap().unwrap();
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        for _ in 0..100 {
            items.next().await.unwrap().unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_expires_takes_everything_with_it() {
    let minute = Duration::from_secs(60);
    let server = Server::builder()
        .serve(archive::serve(Archive::default()))
        .authenticator(move |_| {
            let expires_at = Some(SystemTime::now() + minute);
            Ok(Login { expires_at, ..Login::new(actor("viewer")) })
        })
        .limits(|limits: &mut Limits| limits.login = 3600 * minute)
        .bind("memory://expiry")
        .start()
        .await
        .unwrap();
    for way in ["memory://expiry", "memory://expiry?codec=json"] {
        let client = connect(way, "viewer").await;
        let mut items = client.watch("hang".to_owned());
        items.next().await.unwrap().unwrap();
        let mut changed = client.subscribe::<Changed>().await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(told(items.next().await.unwrap()), "A");
        assert_eq!(begun.elapsed().as_secs(), 60, "{way}");
        assert_eq!(told(client.read().await), "A");
        server.broadcast(Changed { by: "late".to_owned() }).await.unwrap();
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        server.broadcast(Changed { by: "again".to_owned() }).await.unwrap();
        assert_eq!(changed.next().await.unwrap().by, "again");
        // Logged in again before the first time is over.
        tokio::time::sleep(minute / 2).await;
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        tokio::time::sleep(minute * 3 / 4).await;
        assert_eq!(told(client.read().await), "yes", "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_the_next_connection_refuses_is_told_and_kept() {
    let wire = wire::Wire::default();
    let server = archive_of(Archive::default())
        .transport(wire.clone())
        .limits(|limits: &mut Limits| limits.login = Duration::from_secs(3600))
        .bind("wire://archive")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).connect("wire://archive").await.unwrap();
    client.login(Credentials::password("viewer", "-")).await.unwrap();
    let mut changed = client.subscribe::<Changed>().await.unwrap();
    let mut errors = client.errors();
    client.logout().await.unwrap();
    let reconnected = async || {
        wire.cut();
        let mut status = client.watch_status();
        status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
        status.wait_for(|status| *status == ClientStatus::Connected).await.unwrap();
    };
    reconnected().await;
    loop {
        let fault = soon(errors.next()).await.unwrap();
        if fault.kind() == FaultKind::AuthenticationRequired {
            break;
        }
    }
    server.broadcast(Changed { by: "unseen".to_owned() }).await.unwrap();
    client.login(Credentials::password("viewer", "-")).await.unwrap();
    reconnected().await;
    server.broadcast(Changed { by: "seen".to_owned() }).await.unwrap();
    assert_eq!(soon(changed.next()).await.unwrap().by, "seen");
}

type Told = (Option<String>, Action, &'static str, Option<&'static str>, bool);

#[tokio::test]
async fn the_audit_hook_is_told_of_every_decision() {
    let log: Arc<Mutex<Vec<Told>>> = Arc::default();
    let hook = Arc::clone(&log);
    let _server = archive_of(Archive::default())
        .audit(move |decision| {
            let who = decision.actor.map(|actor| actor.id.clone());
            let told = (who, decision.action, decision.name, decision.guard, decision.allowed);
            hook.lock().unwrap().push(told);
            assert!(!decision.rule.is_public());
            assert!(decision.name != "archive/audit", "a hook that panics");
        })
        .bind("memory://audited")
        .start()
        .await
        .unwrap();
    let client = connect("memory://audited", "nobody").await;
    client.hours().await.unwrap();
    client.read().await.unwrap_err();
    client.client().login(Credentials::password("viewer", "-")).await.unwrap();
    client.read().await.unwrap();
    client.mine("somebody".to_owned()).await.unwrap_err();
    client.subscribe::<Sealed>().await.unwrap_err();
    client.emit(Changed { by: "viewer".to_owned() }).await.unwrap_err();
    let mut items = client.watch("hang".to_owned());
    items.next().await.unwrap().unwrap();
    client.client().logout().await.unwrap();
    items.next().await.unwrap().unwrap_err();
    client.audit().await.unwrap_err();
    let viewer = || Some("viewer".to_owned());
    let wanted: [Told; 9] = [
        (None, Action::Request, "archive/read", None, false),
        (viewer(), Action::Request, "archive/read", None, true),
        (viewer(), Action::Request, "archive/mine", None, true),
        (viewer(), Action::Request, "archive/mine", Some("owns_paper"), false),
        (viewer(), Action::Subscribe, "archive/sealed", None, false),
        (viewer(), Action::Emit, "archive/changed", None, false),
        (viewer(), Action::Request, "archive/watch", None, true),
        (None, Action::Stream, "archive/watch", None, false),
        (None, Action::Request, "archive/audit", None, false),
    ];
    assert_eq!(*log.lock().unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_made_again_does_not_end_with_the_first() {
    let wire = wire::Wire::default();
    let minute = Duration::from_secs(60);
    let _server = Server::builder()
        .serve(archive::serve(Archive::default()))
        .authenticator(move |_| {
            let expires_at = Some(SystemTime::now() + minute);
            Ok(Login { expires_at, ..Login::new(actor("viewer")) })
        })
        .transport(wire.clone())
        .bind("wire://archive")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire).connect("wire://archive").await.unwrap();
    let typed: archive::Client = client.typed().unwrap();
    for _ in 0..3 {
        client.login(Credentials::token("t")).await.unwrap();
        tokio::time::sleep(minute / 2).await;
        assert_eq!(told(typed.read().await), "yes");
    }
    tokio::time::sleep(minute * 3 / 5).await;
    assert_eq!(told(typed.read().await), "A");
}

contract!(
    /// Asks its caller for something.
    #[contract(version = "1.0.0")]
    mod desk {
        #[request]
        async fn ask_back() -> Vec<String>;
    }
);

struct Desk;

impl desk::Service for Desk {
    async fn ask_back(&self, cx: &Context) -> Reply<Vec<String>> {
        let archive: archive::Client = cx.require_caller()?.client()?;
        Ok(vec![told(archive.hours().await), told(archive.read().await)])
    }
}

#[tokio::test]
async fn a_server_is_not_logged_in_at_its_clients() {
    let server = Server::builder().serve(desk::serve(Desk)).bind("memory://desk");
    let _server = server.start().await.unwrap();
    let service = Archive::default();
    let client = Client::builder().serve(archive::serve(service.clone()));
    let client: desk::Client = client.connect("memory://desk").await.unwrap().typed().unwrap();
    assert_eq!(client.ask_back().await.unwrap(), ["yes", "A"]);
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
}

/// Sees what passes it.
struct Before(broadcast::Sender<String>);

#[async_trait::async_trait]
impl magicbutton::middleware::Middleware for Before {
    async fn handle(
        &self,
        message: magicbutton::Message,
        next: magicbutton::middleware::Next,
    ) -> magicbutton::middleware::Handled {
        let _ = self.0.send(message.name().to_string());
        next.run(message).await
    }
}

#[tokio::test]
async fn middleware_sees_nothing_of_what_is_denied() {
    let (seen, mut names) = broadcast::channel(16);
    let served = archive::serve(Archive::default()).middleware(Before(seen));
    let client: archive::Client = Client::in_process_as(served, actor("auditor")).typed().unwrap();
    assert_eq!(told(client.read().await), "F");
    assert_eq!(first(client.watch(String::new())).await, "F");
    client.emit(Changed { by: "auditor".to_owned() }).await.unwrap_err();
    client.whoami().await.unwrap();
    assert_eq!(names.recv().await.unwrap(), "archive/whoami");
}

#[tokio::test]
async fn without_an_authenticator_everything_but_the_public_is_closed() {
    let server = Server::builder().serve(archive::serve(Archive::default()));
    let _server = server.bind("memory://closed").start().await.unwrap();
    let client = connect("memory://closed", "nobody").await;
    client.hours().await.unwrap();
    assert_eq!(told(client.read().await), "A");
    assert_eq!(subscribed::<Noted>(&client).await, "A");
}

#[test]
fn the_rules_print_as_a_table() {
    let table = archive::CONTRACT.access_table();
    expect_table(&table);
    assert_eq!(Changed::events().next().unwrap().emit.to_string(), "paper:announce");
}

fn expect_table(table: &str) {
    let expected = "\
           archive    rule                                   nobody  anybody  viewer  field-editor  admin  auditor
request    hours      public                                 yes     yes      yes     yes           yes    yes
request    whoami     authenticated                          -       yes      yes     yes           yes    yes
request    read       paper:read                             -       -        yes     yes           yes    -
request    write      paper:write                            -       -        -       yes           yes    -
request    purge      role = admin                           -       -        -       -             yes    -
request    audit      any(role = auditor, paper:purge)       -       -        -       -             yes    yes
request    sign       all(paper:read, role = field-editor)   -       -        -       yes           -      -
request    mine       paper:read, guard = owns_paper         -       -        guard   guard         guard  -
request    watch      paper:read                             -       -        yes     yes           yes    -
request    watchMine  paper:read, guard = owns_shelf         -       -        guard   guard         guard  -
subscribe  changed    paper:read                             -       -        yes     yes           yes    -
emit       changed    paper:announce                         -       -        -       yes           yes    -
subscribe  sealed     role = admin                           -       -        -       -             yes    -
emit       sealed     role = admin                           -       -        -       -             yes    -
subscribe  noted      authenticated                          -       yes      yes     yes           yes    yes
emit       noted      authenticated                          -       yes      yes     yes           yes    yes
subscribe  opened     public                                 yes     yes      yes     yes           yes    yes
emit       opened     public                                 yes     yes      yes     yes           yes    yes
";
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    assert_eq!(words(table), words(expected), "{table}");
    assert!(table.lines().all(|line| !line.ends_with(' ')));
}

#[test]
fn who_may_is_no_part_of_the_shape() {
    contract!(
        #[contract(version = "1.0.0")]
        mod open {
            #[request]
            async fn ask(what: String) -> u32;
        }
    );
    mod closed {
        magicbutton::contract!(
            #[contract(version = "1.0.0")]
            pub(super) mod open {
                #[roles]
                enum Role {
                    #[grants("thing:ask")]
                    Asker,
                }
                #[request]
                #[access("thing:ask", guard = may)]
                async fn ask(what: String) -> u32;
            }
        );
    }
    assert_eq!(open::CONTRACT.fingerprint, closed::open::CONTRACT.fingerprint);
    assert_eq!(closed::open::CONTRACT.roles[0].permissions, ["thing:ask"]);
}
