//! Frames both ways, in text or binary by codec.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use futures_util::{SinkExt, StreamExt};
use mb_core::{Codec, Frame};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_tungstenite::tungstenite::{Message, handshake::server};

#[tokio::test]
async fn frames_travel_both_ways_in_order() {
    let mut pair = pair().await;
    assert_eq!(pair.client.codec, Codec::JSON);
    assert_eq!(pair.server.codec, Codec::JSON);
    assert!(pair.server.remote.starts_with("127.0.0.1:"), "{}", pair.server.remote);
    assert_eq!(pair.client.remote, pair.binding.endpoint().authority());

    // Fed, not sent: one flush hands them all over.
    for n in 0..1000 {
        soon(pair.client.outgoing.feed(data(&n.to_string()))).await.unwrap();
    }
    soon(pair.client.outgoing.flush()).await.unwrap();
    for n in 0..1000 {
        assert_eq!(next(&mut pair.server).await, data(&n.to_string()));
    }
    send(&mut pair.server, data("back")).await;
    assert_eq!(next(&mut pair.client).await, data("back"));
}

#[tokio::test]
async fn both_ways_at_once_neither_waits_for_the_other() {
    const FRAMES: usize = 200;
    let pair = pair().await;
    // More than any buffer on the way holds.
    let large = Frame::Data(Bytes::from(vec![b'x'; 200_000]));
    let both = [pair.client, pair.server].map(|side| {
        let large = large.clone();
        tokio::spawn(async move {
            let (mut incoming, mut outgoing) = (side.incoming, side.outgoing);
            let writing = async {
                for _ in 0..FRAMES {
                    outgoing.feed(large.clone()).await.unwrap();
                }
                outgoing.flush().await.unwrap();
            };
            let reading = async {
                for _ in 0..FRAMES {
                    assert_eq!(incoming.next().await.unwrap().unwrap(), large);
                }
            };
            futures_util::future::join(writing, reading).await;
            // Neither end leaves before both are done.
            (incoming, outgoing)
        })
    });
    let done = soon(futures_util::future::try_join_all(both)).await.unwrap();
    assert_eq!(done.len(), 2);
}

#[tokio::test]
async fn a_server_writes_text_or_binary_as_the_codec_is_and_reads_either() {
    for (asked, first) in
        [("", 0x81), ("Sec-WebSocket-Protocol: mb.json\r\n", 0x81), (MESSAGE_PACK, 0x82)]
    {
        let host = Probe::new();
        let binding = serve(&host).await;
        let mut tcp = tcp(&*binding).await;
        shake(&mut tcp, "/mb", asked).await;
        let mut server = host.carried().await;
        send(&mut server, data("out")).await;
        assert_eq!(read_raw(&mut tcp).await, (first, b"out".to_vec()), "{asked:?}");

        for kind in [0x81, 0x82] {
            tcp.write_all(&raw_frame(kind, b"in")).await.unwrap();
            assert_eq!(next(&mut server).await, data("in"));
        }
    }
}

const MESSAGE_PACK: &str = "Sec-WebSocket-Protocol: mb.msgpack\r\n";

#[tokio::test]
async fn a_message_in_pieces_is_one_frame() {
    let host = Probe::new();
    let binding = serve(&host).await;
    let mut tcp = tcp(&*binding).await;
    shake(&mut tcp, "/mb", "").await;
    let mut server = host.carried().await;
    let pieces = [raw_frame(0x01, b"a"), raw_frame(0x00, b"b"), raw_frame(0x80, b"c")].concat();
    tcp.write_all(&pieces).await.unwrap();
    assert_eq!(next(&mut server).await, data("abc"));
}

#[tokio::test]
async fn a_client_writes_text_or_binary_as_the_codec_is() {
    for (name, expected) in
        [("json", Message::text("out")), ("msgpack", Message::binary(b"out".to_vec()))]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = format!("ws://{}/a/path?codec={name}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            #[allow(clippy::result_large_err)] // tungstenite's signature
            let select = |request: &server::Request, mut response: server::Response| {
                assert_eq!(request.uri(), "/a/path");
                let asked = request.headers()["sec-websocket-protocol"].clone();
                response.headers_mut().insert("sec-websocket-protocol", asked);
                Ok(response)
            };
            let mut server = tokio_tungstenite::accept_hdr_async(tcp, select).await.unwrap();
            server.next().await.unwrap().unwrap()
        });
        let mut client = connect(to).await.unwrap();
        assert_eq!(client.codec.name(), name);
        send(&mut client, data("out")).await;
        assert_eq!(soon(server).await.unwrap(), expected);
    }
}
