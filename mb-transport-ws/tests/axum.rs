//! The endpoint as a route of an axum app.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used)]

mod common;

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, routing::get};
use common::*;
use futures_util::StreamExt;
use mb_core::{ConnectionError, EndReason, Frame};
use mb_transport_ws::{WebSocket, axum as mounted};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Serves an app on a free port.
async fn app(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    at
}

#[tokio::test]
async fn the_endpoint_lives_next_to_other_routes() {
    let host = Probe::new();
    let router = Router::new()
        .route("/health", get(async || "well"))
        .route("/mb", mounted::endpoint(host.clone()));
    let at = app(router).await;

    let mut tcp = TcpStream::connect(at).await.unwrap();
    let request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    tcp.write_all(request).await.unwrap();
    let mut answer = String::new();
    soon(tcp.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("well"), "{answer}");

    for codec in ["json", "msgpack"] {
        let mut client = connect(format!("ws://{at}/mb?codec={codec}")).await.unwrap();
        let mut server = host.carried().await;
        assert_eq!(server.codec.name(), codec);
        assert!(server.remote.starts_with("127.0.0.1:"), "{}", server.remote);
        send(&mut client, data("in")).await;
        assert_eq!(next(&mut server).await, data("in"));
        send(&mut server, data("out")).await;
        assert_eq!(next(&mut client).await, data("out"));
        send(&mut server, Frame::Close(EndReason::ServerStopped)).await;
        drop(server);
        assert_eq!(next(&mut client).await, Frame::Close(EndReason::ServerStopped));
    }
}

#[tokio::test]
async fn the_rules_are_those_of_the_listener() {
    let host = Probe::new();
    let transport = WebSocket::new().allow_origin("https://app.example");
    let route = mounted::endpoint_with(&transport, host.clone()).unwrap();
    let at = app(Router::new().route("/mb", route)).await;
    for (headers, status) in [
        ("", 101),
        ("Sec-WebSocket-Protocol: mb.msgpack\r\n", 101),
        ("Sec-WebSocket-Protocol: chat\r\n", 400),
        ("Origin: https://app.example\r\n", 101),
        ("Origin: https://evil.example\r\n", 403),
    ] {
        let mut tcp = TcpStream::connect(at).await.unwrap();
        let request = format!(
            "GET /mb HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {headers}\r\n"
        );
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        soon(tcp.read_exact(&mut answer)).await.unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes(), "{headers}");
    }
    assert!(mounted::endpoint_with::<()>(&WebSocket::new().allow_origin("app"), host).is_err());
}

#[tokio::test]
async fn the_limits_are_those_of_the_host() {
    let host = Probe::with(small(100));
    let at = app(Router::new().route("/mb", mounted::endpoint(host.clone()))).await;
    let mut client = connect(format!("ws://{at}/mb")).await.unwrap();
    let mut server = host.carried().await;
    send(&mut client, data(&"x".repeat(101))).await;
    let end = soon(server.incoming.next()).await.unwrap();
    assert!(matches!(end, Err(ConnectionError::TooLarge { limit: 100 })), "{end:?}");
    drop(server);
    assert_eq!(next(&mut client).await, Frame::Close(EndReason::TooLarge));
}

#[tokio::test]
async fn a_plain_request_is_told_what_this_is() {
    let host: Arc<Probe> = Probe::new();
    let at = app(Router::new().route("/mb", mounted::endpoint(host))).await;
    let mut tcp = TcpStream::connect(at).await.unwrap();
    tcp.write_all(b"GET /mb HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon(tcp.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(answer.contains("this is a WebSocket endpoint"), "{answer}");
}
