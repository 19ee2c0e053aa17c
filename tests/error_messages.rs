//! What every error and fault says, as a table in `docs/errors.md`: each row was produced, by doing
//! what goes wrong where that is possible. `UPDATE_EXPECT=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "common/certificates.rs"]
mod certificates;
#[path = "nats/folder.rs"]
mod folder;
#[path = "error_messages/nats.rs"]
mod nats;
#[path = "common/nats_server.rs"]
mod nats_server;
#[path = "error_messages/tls.rs"]
mod tls;
#[path = "common/wire.rs"]
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt};
use magicbutton::{
    Actor, AnyError, Body, Client, ClientStatus, Codec, Context, EndReason, Endpoint, Failure,
    Fault, FaultKind, Reconnect, Reply, Server, ServerBuilder, Span, StopError, WireError,
    auth::{Credentials, Login, LoginError},
    contract,
};

use magicbutton::middleware::{CircuitBreaker, Deadline, RateLimit};
use mb_core::ConnectionError;

contract!(
    #[contract(version = "1.0.0")]
    mod desk {
        #[roles]
        enum Role {
            #[grants("desk:open")]
            Clerk,
        }

        enum Mood {
            Good,
            Bad,
        }

        #[event]
        #[access(public)]
        struct Rang {
            text: String,
        }

        #[event(durable)]
        #[access(public)]
        struct Paid {
            number: u32,
        }

        #[request]
        #[access(public)]
        async fn ring(text: String) -> String;

        #[request]
        #[access(public)]
        async fn wait() -> u32;

        #[request]
        #[access("desk:open")]
        async fn open() -> u32;
    }
);

mod newer {
    use super::contract;
    contract!(
        #[contract(version = "2.0.0", name = "desk")]
        pub mod desk {
            #[request]
            async fn ring(text: String) -> String;
        }
    );
    contract!(
        #[contract(version = "1.0.0")]
        pub mod bench {
            #[request]
            async fn sit() -> u32;
        }
    );
    pub(super) type Desk = desk::Client;
    pub(super) type Bench = bench::Client;
}

struct Desk;

impl desk::Service for Desk {
    async fn ring(&self, _: &Context, text: String) -> Reply<String> {
        match text.as_str() {
            "fail" => Err(Fault::internal("what is nobody's business").into()),
            "much" => Ok("ring ".repeat(20_000)),
            _ => Ok(text),
        }
    }

    async fn wait(&self, _: &Context) -> Reply<u32> {
        std::future::pending().await
    }

    async fn open(&self, _: &Context) -> Reply<u32> {
        Ok(1)
    }
}

/// Rows of a table, in the order in which they were added.
#[derive(Default)]
struct Table(String);

impl Table {
    fn titled(columns: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(columns);
        table.row(&vec!["---"; columns.len()]);
        table
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(self.0, "| {} |", cells.join(" | ")).unwrap();
    }

    /// What somebody did, and the fault they got.
    fn fault<T>(&mut self, did: &str, got: Result<T, impl Into<Failure>>) {
        let Err(failure) = got else { panic!("{did}: nothing went wrong") };
        let Failure::Fault(fault) = failure.into();
        assert!(!fault.message().is_empty());
        let again = match (fault.is_retryable(), fault.may_have_run()) {
            (true, false) => "yes",
            (true, true) => "if idempotent",
            (false, true) => "no: it may have run",
            (false, false) => "no",
        };
        self.row(&[did, &format!("`{}`", fault.code()), again, &steady(fault.message(), &fault)]);
    }

    /// An error of some type.
    fn error(&mut self, what: &str, error: &dyn std::error::Error) {
        let told = error.to_string();
        assert!(!told.is_empty());
        self.row(&[&format!("`{what}`"), &steady(&told, &Fault::unavailable(""))]);
    }
}

/// Without what differs from run to run and from system to system.
fn steady(message: &str, fault: &Fault) -> String {
    let message = fault.id().map_or(message.to_owned(), |id| message.replace(id, "0194-..-7a3c"));
    let message = message.split(" (os error").next().unwrap_or_default().to_owned();
    ["127.0.0.1:", "localhost:"].into_iter().fold(message, |message, host| {
        let Some((before, after)) = message.split_once(host) else { return message };
        let after = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
        format!("{before}{host}9080{after}")
    })
}

/// What is in a page between two marks, and around it.
fn keep(tables: &[(&str, Table)]) {
    let path = format!("{}/docs/errors.md", env!("CARGO_MANIFEST_DIR"));
    let old = std::fs::read_to_string(&path).unwrap();
    let mut new = old.clone();
    for (name, Table(rows)) in tables {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = new.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        new = format!("{before}{begin}{rows}{end}{after}");
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &new).unwrap();
    } else {
        assert!(old == new, "docs/errors.md is not what is said; UPDATE_EXPECT=1 writes:\n{new}");
    }
}

fn server() -> ServerBuilder {
    Server::builder().id("desk-1").serve(desk::serve(Desk))
}

async fn start(server: ServerBuilder, at: &str) -> (Server, Endpoint) {
    let server = server.bind(at).start().await.unwrap();
    let at = server.endpoints().first().unwrap().clone();
    (server, at)
}

fn login(credentials: Credentials) -> Result<Login, LoginError> {
    match credentials {
        Credentials::Token(whose) => Ok(Login::new(Actor::new(whose))),
        _ => Err(LoginError::InvalidCredentials),
    }
}

/// A raw call's failure: no contract was asked whether it is declared.
fn fault_of(failure: Failure<AnyError>) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Declared(error) => panic!("a declared error: {error}"),
    }
}

/// What each kind of fault means for whoever gets it.
fn kinds() -> Table {
    let mut table =
        Table::titled(&["code", "status", "sent again, may succeed", "may have run", "what to do"]);
    let to_do = |kind| match kind {
        FaultKind::UnknownRequest => {
            "check the name; serve the contract there, or connect elsewhere"
        }
        FaultKind::ValidationFailed => "mend what the message names; the same again fails again",
        FaultKind::AuthenticationRequired => "log in: `ClientBuilder::login`, `Client::login`",
        FaultKind::InvalidToken => "get a new token, log in with it",
        FaultKind::Forbidden => "ask for a role that may; the server's log names the rule",
        FaultKind::RateLimitExceeded => {
            "wait, as long as `Fault::retry_after` says if it does; send less at once"
        }
        FaultKind::Timeout => {
            "see what the handler waits for; allow more time; again only if it is idempotent"
        }
        FaultKind::Cancelled => "nothing: whoever called has left",
        FaultKind::Unavailable => "see that the server runs and is reached; again after a moment",
        FaultKind::PayloadTooLarge => {
            "send less, or raise `Limits::max_message` on the side that takes it"
        }
        FaultKind::ContractMismatch => "build both sides from one major version of the contract",
        FaultKind::Internal => "look in the server's log for the id in the message",
        _ => panic!("{kind:?} is not in the table"),
    };
    for kind in FaultKind::CODED.iter().copied() {
        let fault = Fault::new(kind, "");
        let yes = |yes| if yes { "yes" } else { "" };
        table.row(&[
            &format!("`{}`", kind.code()),
            &kind.status().as_u16().to_string(),
            yes(fault.is_retryable()),
            yes(fault.may_have_run()),
            to_do(kind),
        ]);
    }
    table
}

async fn faults() -> Table {
    let mut table = Table::titled(&["what was done", "code", "again?", "message"]);
    let (server_, _) = start(server().authenticator(login), "memory://desk").await;
    let client = desk::Client::connect("memory://desk").await.unwrap();
    let raw = client.client();

    let text = |text: serde_json::Value| Body::new(serde_json::json!({ "text": text }));
    table.fault(
        "a request of a wrong name",
        raw.call_raw("desk/rong", text("".into())).await.map_err(fault_of),
    );
    table.fault(
        "a payload of a wrong shape",
        raw.call_raw("desk/ring", text(5.into())).await.map_err(fault_of),
    );
    table.fault("a request that needs a login", client.open().await);
    let visitor = desk::Client::in_process_as(Desk, Actor::new("ada"));
    table.fault("a request of somebody without the role", visitor.open().await);
    let wrong = Client::builder().login(Credentials::password("ada", "guess"));
    table.fault("a login with a wrong password", wrong.connect("memory://desk").await);
    let desk_of = |who: &str| Client::builder().id("desk-1").login(Credentials::token(who));
    let adas = desk_of("ada").connect("memory://desk").await.unwrap();
    let eves = desk_of("eve").connect("memory://desk").await;
    table.fault("a login under an id that is somebody's", eves);
    drop(adas);
    table.fault("a handler that fails", client.ring("fail".into()).await);
    table.fault("no answer in time", client.wait().timeout(Duration::from_millis(1)).await);
    let newer = WireError {
        code: "DESK_CLOSED".into(),
        message: "closed on Sundays".into(),
        details: None,
        status: Some(409),
        retryable: None,
    };
    table.fault("an error that only a newer contract has", Err::<(), _>(Fault::from_wire(newer)));
    table.fault("another major version of the contract", raw.typed::<newer::Desk>());
    table.fault("a contract that is not served", raw.typed::<newer::Bench>());

    table.fault("what is no connection string", Client::connect("orders").await);
    table.fault("a scheme without a transport", Client::connect("smtp://desk").await);
    table.fault("an option that there is not", Client::connect("memory://desk?codex=json").await);
    table.fault("a codec that there is not", Client::connect("memory://desk?codec=xml").await);
    table.fault("nobody there, in this process", Client::connect("memory://nobody").await);
    table.fault("nobody there, at this port", Client::connect("ws://127.0.0.1:1").await);

    let rang = || desk::Rang { text: "ring".into() };
    let nobody = server_.send_to("ghost", rang()).await;
    table.fault("an event to a client that is not there", nobody);
    server_.stop().await.unwrap();
    table.fault("a request to a server that has stopped", client.ring("late".into()).await);
    let (stopping, at) = start(server().drain(Duration::from_millis(10)), "memory://soon").await;
    let client = desk::Client::connect(&at).await.unwrap();
    let (cut, _) = futures_util::join!(client.wait().into_future(), stopping.stop());
    table.fault("a request that outlasts the stop", cut);

    table.fault("an actor asked for where nobody is logged in", Context::new().require_actor());
    table.fault("a caller asked for outside of a handler", Context::new().require_caller());
    table.fault("an event announced outside of a server", Context::new().broadcast(rang()).await);

    let limit = RateLimit::per_client(1, Duration::from_secs(3600));
    let often: desk::Client =
        Client::in_process(desk::serve(Desk).middleware(limit)).typed().unwrap();
    often.ring("once".into()).await.unwrap();
    table.fault("a message too soon after another", often.ring("twice".into()).await);
    let deadline = Deadline::new(Duration::from_millis(1));
    let short: desk::Client =
        Client::in_process(desk::serve(Desk).middleware(deadline)).typed().unwrap();
    table.fault("a handler that has no more time", short.wait().await);
    let (_behind, at) = start(server(), "memory://behind").await;
    let breaker = CircuitBreaker::new().failure_rate(0.01).window(1, 1);
    let client = Client::builder().middleware(breaker).connect(&at).await.unwrap();
    let client: desk::Client = client.typed().unwrap();
    client.ring("fail".into()).await.unwrap_err();
    table.fault("a request through an open breaker", client.ring("x".into()).await);

    let line = wire::Wire::default();
    let (_far, at) = start(server().transport(line.clone()), "wire://desk").await;
    let client = Client::builder().transport(line.clone()).connect(&at).await.unwrap();
    let far: desk::Client = client.clone().typed().unwrap();
    let mut first = Box::pin(far.wait().into_future());
    assert!(futures_util::poll!(&mut first).is_pending());
    line.refuse(true);
    line.cut();
    table.fault("a connection lost while a request was on its way", first.await);
    table.fault("a request before there is another", far.ring("x".into()).await);
    client.errors().next().await.unwrap();
    table.fault("the same, when none could be made", far.ring("x".into()).await);

    let small = server().max_clients(1).limits(|limits| limits.max_message = 10_000);
    let (_small, at) = start(small, "ws://127.0.0.1:0/desk").await;
    let client = Client::builder().limits(|limits| limits.max_message = 10_000);
    let client = client.reconnect(Reconnect::never()).connect(&at).await.unwrap();
    let wrong = at.to_string().replace("/desk", "/disk");
    table.fault("a path that there is not", Client::connect(wrong).await);
    table.fault("one client more than a server takes", Client::connect(&at).await);
    let client: desk::Client = client.typed().unwrap();
    table.fault("a request that is too large", client.ring("x".repeat(20_000)).await);
    table.fault("a reply that is too large", client.ring("much".into()).await);

    let narrow = server().limits(|limits| {
        limits.in_flight = 1;
        limits.subscriptions = 1;
    });
    let (narrow, at) = start(narrow, "ws://127.0.0.1:0/desk").await;
    let client = Client::builder().reconnect(Reconnect::never()).connect(&at).await.unwrap();
    let client: desk::Client = client.typed().unwrap();
    let mut first = Box::pin(client.wait().into_future());
    assert!(futures_util::poll!(&mut first).is_pending());
    table.fault("one request more than a connection may have", client.ring("too".into()).await);
    drop(narrow);
    drop(first);
    let mut status = client.client().watch_status();
    status.wait_for(|status| matches!(status, ClientStatus::Disconnected(_))).await.unwrap();
    table.fault("a request when the connection is lost for good", client.ring("x".into()).await);
    table
}

async fn errors() -> Table {
    let mut table = Table::titled(&["error", "message"]);
    for text in ["orders", "memory://", "memory://a b"] {
        table.error("EndpointError", &text.parse::<Endpoint>().unwrap_err());
    }

    let (_taken, _) = start(server(), "memory://taken").await;
    let start_error = async |table: &mut Table, name: &str, server: ServerBuilder| {
        table.error(name, &server.start().await.unwrap_err());
    };
    start_error(&mut table, "StartError::Endpoint", server().bind("orders")).await;
    start_error(&mut table, "StartError::NoTransport", server().bind("smtp://desk")).await;
    let twice = server().serve(desk::serve(Desk));
    start_error(&mut table, "StartError::DuplicateContract", twice).await;
    start_error(&mut table, "BindError::InUse", server().bind("memory://taken")).await;
    start_error(&mut table, "BindError::Io", server().bind("ws://192.0.2.1:9080/desk")).await;
    let option = server().bind("ws://127.0.0.1:0/desk?colour=red");
    start_error(&mut table, "BindError::Invalid", option).await;
    let origin = magicbutton::ws::WebSocket::new().allow_origin("my page");
    let origin = server().transport(origin).bind("ws://127.0.0.1:0/desk");
    start_error(&mut table, "OriginError", origin).await;
    let no_runtime = std::thread::spawn(|| {
        let server = server().on::<desk::Rang, _, _>(async |_| Ok(())).bind("memory://alone");
        server.start().now_or_never().unwrap().unwrap_err()
    });
    table.error("StartError::Handler", &no_runtime.join().unwrap());
    table.error("StopError::CutOff", &StopError::CutOff { calls: 2, handlers: 1 });

    for error in [
        LoginError::InvalidCredentials,
        LoginError::InvalidToken,
        LoginError::TokenExpired,
        LoginError::NoLogins,
        LoginError::Unavailable,
    ] {
        table.error(&format!("LoginError::{error:?}"), &error);
    }

    for json in ["", "{\"text\":\"a\"", "{\"text\":5}", "{}"] {
        let error = Codec::JSON.decode::<desk::Rang>(json.as_bytes()).unwrap_err();
        table.error("DecodeError", &error);
    }
    let bytes_as_keys = BTreeMap::from([(vec![1_u8], 1)]);
    table.error("EncodeError", &Codec::JSON.encode(&bytes_as_keys).unwrap_err());
    table.error("ConnectionError::TooLarge", &ConnectionError::TooLarge { limit: 1_048_576 });
    let protocol = "a text frame is not UTF-8".to_owned();
    table.error("ConnectionError::Protocol", &ConnectionError::Protocol(protocol));
    let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    table.error("ConnectionError::Lost", &ConnectionError::from(lost));
    for text in ["0", "00-4bf9-00f0-01", &format!("00-{:032}-{:016}-01", 0, 0)] {
        table.error("TraceparentError", &Span::parse(text).unwrap_err());
    }
    table.error("UnknownName", &"sad".parse::<desk::Mood>().unwrap_err());
    table
}

fn ends() -> Table {
    let mut table = Table::titled(&["reason", "message", "what to do"]);
    let to_do = |reason| match reason {
        EndReason::ServerStopped | EndReason::ConnectionLost => {
            "nothing: clients connect again by themselves"
        }
        EndReason::ClientDisconnected | EndReason::Unsubscribed => "nothing: this was asked for",
        EndReason::Overflowed => "read faster, or choose another `Overflow` or a longer queue",
        EndReason::Silent => {
            "look for what holds the other side up, or what is between; `Limits::silence`"
        }
        EndReason::BadFrames => {
            "see what the other side speaks; its `$error` events say what is wrong"
        }
        EndReason::TooLarge => {
            "send less, or raise `Limits::max_message` on the side that takes it"
        }
        EndReason::ServerFull => "try again later, or raise the server's `max_clients`",
        EndReason::NotAuthenticated => {
            "log in: `ClientBuilder::login`; `Limits::login` says how soon"
        }
        _ => panic!("{reason:?} is not in the table"),
    };
    for reason in EndReason::ALL.iter().copied() {
        table.row(&[&format!("`{reason:?}`"), &reason.to_string(), to_do(reason)]);
    }
    table
}

#[tokio::test]
async fn every_error_says_what_happened_to_what_and_what_to_do() {
    let mut tables = vec![
        ("kinds", kinds()),
        ("faults", faults().await),
        ("tls", tls::faults().await),
        ("errors", errors().await),
        ("ends", ends()),
    ];
    // Where there is no engine, the page stays as it is.
    tables.extend(nats::faults().await.map(|table| ("nats", table)));
    keep(&tables);
}

#[test]
fn no_end_of_a_connection_is_missing_or_named_twice() {
    let names: BTreeSet<_> = EndReason::ALL.iter().map(|end| end.name()).collect();
    assert_eq!(names.len(), EndReason::ALL.len());
    for reason in EndReason::ALL.iter().copied() {
        assert_eq!(EndReason::from_name(reason.name()), reason);
    }
    assert_eq!(EndReason::from_name("what a newer side says"), EndReason::ConnectionLost);
}
