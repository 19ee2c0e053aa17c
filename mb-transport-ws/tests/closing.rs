//! How a connection ends, and signs of life before.
#![allow(clippy::unwrap_used)]

mod common;

use std::{sync::Arc, time::Duration};

use common::*;
use futures_util::{SinkExt, StreamExt};
use mb_core::{ConnectionError, Duplex, EndReason, Frame};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

const REASONS: [EndReason; 10] = [
    EndReason::ServerStopped,
    EndReason::ClientDisconnected,
    EndReason::Unsubscribed,
    EndReason::Overflowed,
    EndReason::ConnectionLost,
    EndReason::Silent,
    EndReason::BadFrames,
    EndReason::TooLarge,
    EndReason::ServerFull,
    EndReason::NotAuthenticated,
];

/// A client by hand, and the server's end.
async fn by_hand() -> (TcpStream, Duplex) {
    let host = Probe::new();
    let binding = serve(&host).await;
    let mut tcp = tcp(&*binding).await;
    shake(&mut tcp, "/mb", "").await;
    (tcp, host.carried().await)
}

#[tokio::test]
async fn every_reason_reaches_the_other_side() {
    for reason in REASONS {
        for from_server in [true, false] {
            let Pair { client, server, .. } = pair().await;
            let (mut leaving, mut staying) =
                if from_server { (server, client) } else { (client, server) };
            send(&mut leaving, Frame::Close(reason)).await;
            assert_eq!(next(&mut staying).await, Frame::Close(reason), "{from_server}");
            assert!(soon(staying.incoming.next()).await.is_none());
            // The answer of the other side is the end, not a reason of its own.
            assert!(soon(leaving.incoming.next()).await.is_none());
        }
    }
}

#[tokio::test]
async fn the_codes_are_those_that_others_expect() {
    for (reason, code) in [
        (EndReason::ServerStopped, 1001),
        (EndReason::ClientDisconnected, 1000),
        (EndReason::TooLarge, 1009),
        (EndReason::ServerFull, 1013),
        (EndReason::Silent, 1008),
        (EndReason::Overflowed, 1008),
        (EndReason::BadFrames, 1008),
        (EndReason::NotAuthenticated, 1008),
    ] {
        let (mut tcp, mut server) = by_hand().await;
        send(&mut server, Frame::Close(reason)).await;
        assert_eq!(read_close(&mut tcp).await, (code, reason.to_string()));
    }
}

#[tokio::test]
async fn a_goodbye_without_a_code_is_a_normal_end() {
    let (mut tcp, mut server) = by_hand().await;
    tcp.write_all(&raw_frame(0x88, b"")).await.unwrap();
    assert_eq!(next(&mut server).await, Frame::Close(EndReason::ClientDisconnected));
    // It is answered, though the server writes nothing and lives on.
    assert_eq!(read_raw(&mut tcp).await, (0x88, vec![]));
}

#[tokio::test]
async fn a_frame_and_a_goodbye_arrive_though_the_sender_leaves_at_once() {
    let (mut tcp, mut server) = by_hand().await;
    // Unread bytes would turn a plain end of the connection into a reset.
    tcp.write_all(&raw_frame(0x82, &[0; 100]).repeat(10_000)).await.unwrap();
    send(&mut server, data("last")).await;
    send(&mut server, Frame::Close(EndReason::ServerStopped)).await;
    drop(server);
    assert_eq!(read_raw(&mut tcp).await, (0x81, b"last".to_vec()));
    assert_eq!(read_close(&mut tcp).await.0, 1001);
    // At once, not when patience ends; and what is still on its way to the server is let in.
    timeout(Duration::from_secs(1), hung_up_in_order(&mut tcp)).await.unwrap();
    tcp.write_all(&raw_frame(0x82, b"late")).await.unwrap();
}

#[tokio::test]
async fn a_goodbye_that_is_not_answered_is_waited_for_no_longer_than_patience() {
    let (tcp, mut server) = by_hand().await;
    let mut incoming =
        std::mem::replace(&mut server.incoming, futures_util::stream::empty().boxed());
    // Waits already when the goodbye is said.
    let waiting = tokio::spawn(async move { incoming.next().await.is_none() });
    tokio::task::yield_now().await;
    send(&mut server, Frame::Close(EndReason::Silent)).await;
    assert!(soon(waiting).await.unwrap());
    drop(tcp);
}

#[tokio::test]
async fn behind_a_goodbye_nothing_is_sent() {
    let mut pair = pair().await;
    send(&mut pair.client, Frame::Close(EndReason::ClientDisconnected)).await;
    let late = [data("late"), Frame::Ping, Frame::Pong, Frame::Close(EndReason::Silent)];
    for swallowed in late {
        send(&mut pair.client, swallowed).await;
    }
    let goodbye = Frame::Close(EndReason::ClientDisconnected);
    assert_eq!(next(&mut pair.server).await, goodbye);
}

#[tokio::test]
async fn closing_the_sink_says_goodbye() {
    let mut pair = pair().await;
    soon(pair.client.outgoing.close()).await.unwrap();
    let goodbye = Frame::Close(EndReason::ClientDisconnected);
    assert_eq!(next(&mut pair.server).await, goodbye);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_lost() {
    let (tcp, mut server) = by_hand().await;
    drop(tcp);
    let end = soon(server.incoming.next()).await.unwrap();
    assert!(matches!(end, Err(ConnectionError::Lost(_))), "{end:?}");
    assert!(soon(server.incoming.next()).await.is_none());

    let Pair { client, mut server, .. } = pair().await;
    drop(client);
    let end = soon(server.incoming.next()).await.unwrap();
    assert!(matches!(end, Err(ConnectionError::Lost(_))), "{end:?}");
}

#[tokio::test]
async fn a_ping_is_answered_though_nobody_writes() {
    let (mut tcp, mut server) = by_hand().await;
    tcp.write_all(&raw_frame(0x89, b"there?")).await.unwrap();
    assert_eq!(next(&mut server).await, Frame::Ping);
    let reading = tokio::spawn(async move { server.incoming.next().await });
    assert_eq!(read_raw(&mut tcp).await, (0x8a, b"there?".to_vec()));
    reading.abort();
}

#[tokio::test]
async fn a_pong_of_the_session_does_not_displace_the_answer() {
    let (mut tcp, mut server) = by_hand().await;
    tcp.write_all(&raw_frame(0x89, b"there?")).await.unwrap();
    assert_eq!(next(&mut server).await, Frame::Ping);
    send(&mut server, Frame::Pong).await;
    let mut answers = [read_raw(&mut tcp).await, read_raw(&mut tcp).await];
    answers.sort();
    assert_eq!(answers, [(0x8a, vec![]), (0x8a, b"there?".to_vec())]);
}

#[tokio::test]
async fn a_ping_comes_back_as_a_pong() {
    let mut pair = pair().await;
    send(&mut pair.client, Frame::Ping).await;
    assert_eq!(next(&mut pair.server).await, Frame::Ping);
    let reading = tokio::spawn(async move { pair.server.incoming.next().await });
    assert_eq!(next(&mut pair.client).await, Frame::Pong);
    reading.abort();
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_told() {
    for (bytes, code) in [
        // Not masked, as a client's frames must be; reserved bits; text that is not UTF-8.
        (vec![0x81, 0x01, b'x'], 1002),
        (raw_frame(0xf1, b"x"), 1002),
        (raw_frame(0x81, b"\xff\xff"), 1007),
    ] {
        let (mut tcp, mut server) = by_hand().await;
        tcp.write_all(&bytes).await.unwrap();
        let end = soon(server.incoming.next()).await.unwrap();
        assert!(matches!(end, Err(ConnectionError::Protocol(_))), "{end:?}");
        drop(server);
        assert_eq!(read_close(&mut tcp).await.0, code);
    }
}

#[tokio::test]
async fn a_host_outlives_its_connections() {
    let host = Probe::new();
    let binding = serve(&host).await;
    for _ in 0..3 {
        let client = connect(binding.endpoint().to_string()).await.unwrap();
        drop((client, host.carried().await));
    }
    drop(binding);
    soon(async {
        while Arc::strong_count(&host) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
