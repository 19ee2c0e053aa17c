//! Who may do what: every role against every request and event, over every way there is, from a table
//! that a person wrote; then what somebody may try who may not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "access/around.rs"]
mod around;
#[path = "common/by_hand.rs"]
mod by_hand;
#[path = "common/nats_server.rs"]
mod nats_server;
#[path = "access/over_time.rs"]
mod over_time;
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
