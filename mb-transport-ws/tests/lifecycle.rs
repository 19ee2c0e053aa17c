//! Listening, and the end of it.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::*;
use futures_util::StreamExt;
use mb_core::{BindError, Host, Transport};
use mb_transport_ws::WebSocket;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn port_0_becomes_a_real_one() {
    let host = Probe::new();
    for (asked, before) in [
        ("ws://127.0.0.1:0/mb", "ws://127.0.0.1:"),
        ("ws://localhost:0/mb?origin=https://a.example", "ws://localhost:"),
    ] {
        let serving: Arc<dyn Host> = host.clone();
        let binding = WebSocket::new().bind(&endpoint(asked), serving).await.unwrap();
        let told = binding.endpoint();
        assert!(told.to_string().starts_with(before), "{told}");
        assert!(!told.authority().ends_with(":0"), "{told}");
        assert_eq!(told.path(), "/mb");
        assert_eq!(told.options().count(), 0);
        connect(told.to_string()).await.unwrap();
    }
}

#[tokio::test]
async fn an_ipv6_address_is_listened_on() {
    if TcpListener::bind("[::1]:0").await.is_err() {
        return; // A machine without it.
    }
    let host: Arc<dyn Host> = Probe::new();
    let binding = WebSocket::new().bind(&endpoint("ws://[::1]:0"), host).await.unwrap();
    assert!(binding.endpoint().to_string().starts_with("ws://[::1]:"));
    connect(binding.endpoint().to_string()).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_served_is_refused_to_others() {
    let first = serve(&Probe::new()).await;
    let host: Arc<dyn Host> = Probe::new();
    let error = WebSocket::new().bind(first.endpoint(), host).await.err().unwrap();
    assert!(matches!(&error, BindError::InUse { endpoint } if endpoint == first.endpoint()));
}

#[tokio::test]
async fn an_address_that_is_not_here_is_an_error() {
    let host: Arc<dyn Host> = Probe::new();
    // Kept for documentation (RFC 5737): no machine has it.
    let error = WebSocket::new().bind(&endpoint("ws://192.0.2.1:0"), host).await.err().unwrap();
    assert!(matches!(error, BindError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_closed_binding_refuses_new_connections_and_keeps_the_old() {
    let Pair { mut client, mut server, mut binding } = pair().await;
    let at = binding.endpoint().clone();
    // A handshake under way is nobody's connection yet.
    let mut half = tcp(&*binding).await;
    half.write_all(b"GET /mb HTTP/1.1\r\n").await.unwrap();

    binding.close().await;
    binding.close().await;
    assert!(connect(at.to_string()).await.unwrap_err().message().contains("nobody listens there"));
    hung_up(&mut half).await;
    send(&mut client, data("still here")).await;
    assert_eq!(next(&mut server).await, data("still here"));

    // The port is free again.
    let host: Arc<dyn Host> = Probe::new();
    WebSocket::new().bind(&at, host).await.unwrap();
}

#[tokio::test]
async fn a_dropped_binding_stops_listening() {
    let binding = serve(&Probe::new()).await;
    let at = binding.endpoint().authority().to_owned();
    drop(binding);
    soon(async {
        while TcpStream::connect(&at).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_dropped_attempt_to_connect_leaves_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = endpoint(format!("ws://{}", listener.local_addr().unwrap()));
    let attempt = tokio::spawn(async move { WebSocket::new().connect(&to, dial()).await });
    let (mut tcp, _) = soon(listener.accept()).await.unwrap();
    attempt.abort();
    hung_up(&mut tcp).await;
}

#[tokio::test]
async fn a_connection_outlives_its_binding() {
    let Pair { client, mut server, binding } = pair().await;
    drop(binding);
    drop(client);
    assert!(soon(server.incoming.next()).await.unwrap().is_err());
}
