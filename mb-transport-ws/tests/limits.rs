//! Frames over the limit: refused by their header, and the other side is told.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use futures_util::{SinkExt, StreamExt};
use mb_core::{ConnectionError, EndReason, Frame};
use tokio::io::AsyncWriteExt;

#[test]
fn a_frame_that_claims_a_gibibyte_is_refused_by_its_header() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let allocated = allocation_counter::measure(|| {
        runtime.block_on(async {
            let host = Probe::new();
            let binding = serve(&host).await;
            let mut tcp = tcp(&*binding).await;
            shake(&mut tcp, "/mb", "").await;
            let mut server = host.carried().await;
            let header = [&[0x82, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat();
            tcp.write_all(&header).await.unwrap();
            let end = soon(server.incoming.next()).await.unwrap();
            let limit = host_limit();
            assert!(
                matches!(end, Err(ConnectionError::TooLarge { limit: l }) if l == limit),
                "{end:?}"
            );
            assert!(soon(server.incoming.next()).await.is_none());
            // What the session does: its goodbye is the same, and said once.
            send(&mut server, Frame::Close(EndReason::TooLarge)).await;
            drop(server);
            // A sender in the middle of its frame still hears why it ended.
            tcp.write_all(&[0; 100_000]).await.unwrap();
            assert_eq!(read_close(&mut tcp).await, (1009, EndReason::TooLarge.to_string()));
            hung_up_in_order(&mut tcp).await;
        });
    });
    assert!(allocated.bytes_max < 1024 * 1024, "{allocated:?}");
}

fn host_limit() -> usize {
    mb_core::Limits::default().max_message
}

#[tokio::test]
async fn a_frame_of_the_limit_passes_and_one_byte_more_does_not() {
    for from_server in [true, false] {
        let Pair { client, server, .. } = pair_with(small(1000)).await;
        let (mut sender, mut reader) =
            if from_server { (server, client) } else { (client, server) };
        let most = "x".repeat(1000);
        send(&mut sender, data(&most)).await;
        assert_eq!(next(&mut reader).await, data(&most));

        send(&mut sender, data(&(most + "x"))).await;
        let end = soon(reader.incoming.next()).await.unwrap();
        assert!(matches!(end, Err(ConnectionError::TooLarge { limit: 1000 })), "{end:?}");
        drop(reader);
        assert_eq!(next(&mut sender).await, Frame::Close(EndReason::TooLarge));
    }
}

#[tokio::test]
async fn pieces_count_together() {
    let host = Probe::with(small(150));
    let binding = serve(&host).await;
    let mut tcp = tcp(&*binding).await;
    shake(&mut tcp, "/mb", "").await;
    let mut server = host.carried().await;
    let pieces = [raw_frame(0x01, &[b'x'; 100]), raw_frame(0x80, &[b'x'; 51])].concat();
    tcp.write_all(&pieces).await.unwrap();
    let end = soon(server.incoming.next()).await.unwrap();
    assert!(matches!(end, Err(ConnectionError::TooLarge { limit: 150 })), "{end:?}");
    // The verdict leaves though the session holds on to the connection and only flushes.
    soon(server.outgoing.flush()).await.unwrap();
    assert_eq!(read_close(&mut tcp).await.0, 1009);
}
