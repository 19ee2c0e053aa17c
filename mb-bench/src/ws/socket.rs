//! What every WebSocket written by hand needs: a small read buffer, no delay, and batched writes.

use std::io;

use futures_util::{SinkExt, stream::SplitSink};
use serde::Serialize;
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

pub(super) type Socket = WebSocketStream<TcpStream>;

const BATCH: usize = 64;

/// The default read buffer of 128 KiB is filled with zeroes before every read.
fn config() -> Option<WebSocketConfig> {
    Some(WebSocketConfig::default().read_buffer_size(8 * 1024))
}

pub(super) async fn accept(stream: TcpStream) -> io::Result<Socket> {
    stream.set_nodelay(true)?;
    accept_async_with_config(stream, config()).await.map_err(io::Error::other)
}

pub(super) async fn connect(address: &str) -> io::Result<Socket> {
    let stream = TcpStream::connect(host(address)).await?;
    stream.set_nodelay(true)?;
    let (socket, _) =
        client_async_with_config(address, stream, config()).await.map_err(io::Error::other)?;
    Ok(socket)
}

/// `127.0.0.1:8000` of `ws://127.0.0.1:8000/path`.
pub(super) fn host(address: &str) -> &str {
    let rest = address.strip_prefix("ws://").unwrap_or(address);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

pub(super) fn text(message: &impl Serialize) -> io::Result<Message> {
    Ok(Message::text(serde_json::to_string(message)?))
}

/// Writes all that is queued, flushes once, and waits for more.
pub(super) async fn write_batches(
    mut queued: mpsc::UnboundedReceiver<Message>,
    mut sink: SplitSink<Socket, Message>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut batch = Vec::with_capacity(BATCH);
    while queued.recv_many(&mut batch, BATCH).await > 0 {
        for message in batch.drain(..) {
            sink.feed(message).await?;
        }
        sink.flush().await?;
    }
    Ok(())
}
