//! Who gets in, what is spoken, and what the others are told.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::*;
use mb_core::{BindError, Fault, FaultKind, Host, Transport};
use mb_transport_ws::WebSocket;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn a_subprotocol_is_agreed_on() {
    let cases: &[(&str, u16, Option<&str>, &str)] = &[
        ("", 101, None, "json"),
        ("mb.json", 101, Some("mb.json"), "json"),
        ("mb.msgpack", 101, Some("mb.msgpack"), "msgpack"),
        ("mb.msgpack, mb.json", 101, Some("mb.msgpack"), "msgpack"),
        ("chat,mb.cbor , mb.json", 101, Some("mb.json"), "json"),
        ("chat", 400, None, ""),
        ("json", 400, None, ""),
        ("mb.cbor", 400, None, ""),
    ];
    let host = Probe::new();
    let binding = serve(&host).await;
    for (asked, status, selected, codec) in cases {
        let header = match asked.is_empty() {
            true => String::new(),
            false => format!("Sec-WebSocket-Protocol: {asked}\r\n"),
        };
        let answer = ask(&*binding, "/mb", &header).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{asked}: {answer}");
        let said = answer.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(said, *selected, "{asked}: {answer}");
        if *status == 101 {
            assert_eq!(host.carried().await.codec.name(), *codec);
        } else {
            assert!(answer.contains("there is mb.json, mb.msgpack"), "{answer}");
        }
    }
    assert!(host.has_carried_nothing().await);
}

#[tokio::test]
async fn a_codec_is_asked_for_in_the_connection_string() {
    let host = Probe::new();
    let binding = serve(&host).await;
    let to = format!("{}?codec=msgpack", binding.endpoint());
    assert_eq!(connect(to).await.unwrap().codec.name(), "msgpack");
    assert_eq!(host.carried().await.codec.name(), "msgpack");

    let to = format!("{}?codec=cbor", binding.endpoint());
    let fault = connect(to).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::ValidationFailed);
    assert!(fault.message().contains("there is json, msgpack"), "{fault}");
}

#[tokio::test]
async fn a_server_that_is_told_a_codec_speaks_no_other() {
    let host = Probe::new();
    let serving: Arc<dyn Host> = host.clone();
    let at = endpoint("ws://127.0.0.1:0/?codec=msgpack");
    let binding = WebSocket::new().bind(&at, serving).await.unwrap();
    // Its endpoint says so, so that a client that takes it as it is gets in.
    let mut dial = dial();
    dial.limits = Arc::clone(host.limits());
    let connected = WebSocket::new().connect(binding.endpoint(), dial).await.unwrap();
    assert_eq!(host.carried().await.codec.name(), "msgpack");
    drop(connected);
    let fault = connect(binding.endpoint().to_string()).await.unwrap_err();
    refused(&fault, false, "HTTP 400 Bad Request: no such subprotocol is spoken");
}

/// A server that knows nothing of subprotocols, as plain WebSocket servers are.
async fn plain_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let _open = tokio_tungstenite::accept_async(tcp).await.unwrap();
        std::future::pending::<()>().await;
    });
    to
}

#[tokio::test]
async fn a_server_without_subprotocols_speaks_json_and_nothing_else() {
    assert_eq!(connect(plain_server().await).await.unwrap().codec.name(), "json");
    let fault = connect(format!("{}?codec=msgpack", plain_server().await)).await.unwrap_err();
    refused(&fault, false, "does not speak mb.msgpack");
}

#[tokio::test]
async fn another_path_is_not_found() {
    let host = Probe::new();
    let binding = serve(&host).await;
    for path in ["/", "/mb/", "/mb/x", "/MB"] {
        let answer = ask(&*binding, path, "").await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    // What stands behind `?` is not part of the path.
    assert!(ask(&*binding, "/mb?x=y", "").await.starts_with("HTTP/1.1 101 "));

    let fault = connect(format!("ws://{}/x", binding.endpoint().authority())).await.unwrap_err();
    refused(&fault, false, "HTTP 404 Not Found: there is no endpoint of this path");
}

#[tokio::test]
async fn pages_of_other_origins_stay_out() {
    let host: Arc<dyn Host> = Probe::new();
    let one = WebSocket::new().allow_origin("https://app.example");
    let at = endpoint("ws://127.0.0.1:0/mb?origin=http://localhost:5173&origin=https://b.example/");
    let listed = one.bind(&at, Arc::clone(&host)).await.unwrap();
    let open = WebSocket::new().bind(&endpoint("ws://127.0.0.1:0/mb"), host).await.unwrap();
    for (origin, status) in [
        ("Origin: https://app.example\r\n", 101),
        ("Origin: http://localhost:5173\r\n", 101),
        ("Origin: https://b.example\r\n", 101),
        // No browser, no origin.
        ("", 101),
        ("Origin: http://app.example\r\n", 403),
        ("Origin: https://app.example.evil.example\r\n", 403),
        ("Origin: https://app.example:8443\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://app.example\r\nOrigin: https://evil.example\r\n", 403),
    ] {
        let answer = ask(&*listed, "/mb", origin).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {answer}");
        let answer = ask(&*open, "/mb", origin).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{origin}: {answer}");
    }
}

#[tokio::test]
async fn what_is_no_origin_is_refused_at_once() {
    let host: Arc<dyn Host> = Probe::new();
    let at = endpoint("ws://127.0.0.1:0/mb?origin=app.example");
    let error = WebSocket::new().bind(&at, host).await.err().unwrap();
    assert!(matches!(error, BindError::Invalid { .. }));
    assert!(error.to_string().contains("`app.example` is not an origin"), "{error}");
}

#[tokio::test]
async fn what_is_no_handshake_gets_an_answer_in_http() {
    let host = Probe::new();
    let binding = serve(&host).await;
    let long = format!("GET /mb HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (request, status) in [
        ("GET /mb HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        ("POST /mb HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("nonsense\r\n\r\n", 400),
        (&*long, 431),
    ] {
        let mut tcp = tcp(&*binding).await;
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        soon(tcp.read_exact(&mut answer)).await.unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes(), "{request:.40}");
        hung_up(&mut tcp).await;
    }
    assert!(host.has_carried_nothing().await);
}

#[tokio::test]
async fn options_that_are_not_known_name_those_that_are() {
    let fault = connect("ws://127.0.0.1:1/?codek=json").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::ValidationFailed);
    assert!(fault.message().contains("no option is called `codek`: there is codec"), "{fault}");
    let fault = connect("wss://127.0.0.1:1/?client_ca=x").await.unwrap_err();
    assert!(fault.message().contains("there is codec, ca, cert, key"), "{fault}");

    let fault = connect("ws://127.0.0.1:1/?codec=json&codec=msgpack").await.unwrap_err();
    assert!(fault.message().contains("the option `codec` is given twice"), "{fault}");
    let fault = connect("ws://ada:secret@127.0.0.1:1/").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::ValidationFailed);
    assert!(fault.message().contains("log in with"), "{fault}");
    assert!(!fault.message().contains("secret"), "{fault}");

    for (at, known) in [
        ("ws://127.0.0.1:0/?cert=x", "`cert`: there is codec, origin"),
        ("wss://127.0.0.1:0/?ca=x", "`ca`: there is codec, origin, cert, key, client_ca"),
    ] {
        let host: Arc<dyn Host> = Probe::new();
        let error = WebSocket::new().bind(&endpoint(at), host).await.err().unwrap();
        assert!(matches!(error, BindError::Invalid { .. }));
        assert!(error.to_string().contains(known), "{error}");
    }
}

/// An `UNAVAILABLE` fault with this in its text.
fn refused(fault: &Fault, retryable: bool, text: &str) {
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert_eq!(fault.is_retryable(), retryable, "{fault}");
    assert!(fault.message().contains(text), "{fault}");
}

#[tokio::test]
async fn where_nobody_is_trying_again_may_help() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let fault = connect(format!("ws://{nobody}/mb")).await.unwrap_err();
    refused(&fault, true, &format!("ws://{nobody}/mb: nobody listens there"));

    let fault = connect("ws://nowhere.invalid").await.unwrap_err();
    refused(&fault, true, "the host name `nowhere.invalid` cannot be resolved");
}

/// A server that answers every request with this and hangs up.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = tcp.read(&mut request).await.unwrap();
        tcp.write_all(answer.as_bytes()).await.unwrap();
    });
    to
}

#[tokio::test]
async fn a_refusal_in_http_says_what_it_is_and_whether_it_may_pass() {
    for (answer, retryable, text) in [
        ("HTTP/1.1 503 Busy\r\n\r\n", true, "HTTP 503"),
        ("HTTP/1.1 502 Bad\r\n\r\n", true, "HTTP 502"),
        ("HTTP/1.1 429 Slow\r\n\r\n", true, "HTTP 429"),
        ("HTTP/1.1 401 Who\r\n\r\n", false, "HTTP 401"),
        ("HTTP/1.1 403 No\r\n\r\n", false, "HTTP 403"),
        (
            "HTTP/1.1 404 No\r\nContent-Type: text/plain\r\n\r\nno\x07thing\nhere",
            false,
            ": nothing",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", false, "HTTP 200 OK"),
        ("HTTP/1.1 301 Moved\r\nLocation: https://x/y\r\n\r\n", false, "leads to https://x/y"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", false, "does not answer as a WebSocket server"),
        (
            "HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            false,
            "another key",
        ),
        ("", true, "hung up without an answer"),
    ] {
        let fault = connect(answering(answer).await).await.unwrap_err();
        refused(&fault, retryable, text);
        assert!(!fault.message().contains('\x07'));
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_no_longer_than_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut dial = dial();
    dial.limits = Arc::new(hasty(Duration::from_millis(50)));
    let to = format!("ws://{}", listener.local_addr().unwrap());
    let fault = connect_with(&WebSocket::new(), to, dial).await.unwrap_err();
    refused(&fault, true, "it did not answer the WebSocket handshake within 50ms");
}

#[tokio::test]
async fn a_slow_handshake_is_dropped_and_holds_up_nobody() {
    let allowed = Duration::from_millis(300);
    let host = Probe::with(hasty(allowed));
    let binding = serve(&host).await;
    let started = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut tcp = tcp(&*binding).await;
        tcp.write_all(b"GET /mb HTTP/1.1\r\nHost:").await.unwrap();
        slow.push(tcp);
    }
    connect(binding.endpoint().to_string()).await.unwrap();
    host.carried().await;
    for mut tcp in slow {
        hung_up(&mut tcp).await;
    }
    assert!(started.elapsed() >= allowed);
    assert!(host.has_carried_nothing().await);
}
