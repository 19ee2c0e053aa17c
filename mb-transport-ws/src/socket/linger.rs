//! The end of a connection on which a goodbye was said.
//!
//! A socket that is closed with unread bytes resets the connection, and the reset may overtake the
//! close frame. So the last one out says that nothing more will come, and throws away what still
//! arrives until the other side has left too, or patience ends.

use futures_util::SinkExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::WebSocketStream;

use super::{Io, PATIENCE, READ_BUFFER};

pub(super) async fn linger<S: Io>(mut stream: WebSocketStream<S>) {
    let farewell = async {
        if stream.flush().await.is_err() {
            return;
        }
        // Below the protocol: behind a frame that was refused there are no more frames.
        let stream = stream.get_mut();
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut rest = vec![0; READ_BUFFER];
        while matches!(stream.read(&mut rest).await, Ok(1..)) {}
    };
    // Out of patience, the connection is cut.
    let _ = timeout(PATIENCE, farewell).await;
}
