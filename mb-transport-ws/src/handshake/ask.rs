//! The client's side of the handshake.

use std::io;

use http::{Response, StatusCode, header};
use mb_core::Codec;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    head::{self, HeadError},
    subprotocol,
};
use crate::socket::Io;

/// How much of a refusal's own words is passed on, in characters.
const QUOTED: usize = 200;

/// What a client asks for.
pub(crate) struct Asking<'a> {
    /// The host, and the port where it is named.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) codec: &'a Codec,
}

/// A server that does not let the client in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It answers with another status than that of a WebSocket.
    #[error("it answers HTTP {status}{words}")]
    Status { status: StatusCode, words: String },
    #[error("it is a WebSocket but does not speak {0}")]
    Subprotocol(String),
    #[error("it does not answer as a WebSocket server: {0}")]
    NoWebSocket(String),
}

impl From<HeadError> for Refused {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::Io(error) => Self::Io(error),
            error => Self::NoWebSocket(error.to_string()),
        }
    }
}

/// Opens a WebSocket over a fresh connection.
pub(crate) async fn ask<S: Io>(
    mut stream: S,
    asking: &Asking<'_>,
    config: WebSocketConfig,
) -> Result<WebSocketStream<S>, Refused> {
    let Asking { authority, path, codec } = asking;
    let (key, subprotocol) = (generate_key(), subprotocol(codec));
    let request = format!(
        "GET {path} HTTP/1.1\r\n\
         Host: {authority}\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let (response, rest) = head::read::<Response<Option<Vec<u8>>>>(&mut stream).await?;
    check(&response, &rest, &key)?;
    match response.headers().get(header::SEC_WEBSOCKET_PROTOCOL) {
        Some(selected) if selected.as_bytes() == subprotocol.as_bytes() => {}
        // A server that knows nothing of subprotocols speaks JSON.
        None if **codec == Codec::JSON => {}
        _ => return Err(Refused::Subprotocol(subprotocol)),
    }
    Ok(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(config)).await)
}

/// Whether the answer opens a WebSocket (RFC 6455, section 4.1).
fn check<T>(response: &Response<T>, rest: &[u8], key: &str) -> Result<(), Refused> {
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refused::Status { status, words: words(response, rest) });
    }
    let headers = response.headers();
    let is = |name, value: &str| {
        let header = headers.get(name);
        header.is_some_and(|header| header.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    let accepts = headers.get(header::SEC_WEBSOCKET_ACCEPT);
    if !is(header::UPGRADE, "websocket") || !is(header::CONNECTION, "upgrade") {
        Err(Refused::NoWebSocket("it switches to another protocol".to_owned()))
    } else if accepts
        .is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
    {
        Err(Refused::NoWebSocket("it answers another key".to_owned()))
    } else if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        Err(Refused::NoWebSocket("it extends the protocol unasked".to_owned()))
    } else {
        Ok(())
    }
}

/// What a refusal says for itself, as far as it has come along: where a redirect leads, or the
/// first line of a plain text.
fn words<T>(response: &Response<T>, rest: &[u8]) -> String {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(location) = text(header::LOCATION) {
        return format!(", which leads to {location}");
    }
    let is_plain = text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/plain"));
    let body = String::from_utf8_lossy(rest);
    let line: String = body
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(QUOTED)
        .collect();
    if is_plain && !line.is_empty() { format!(": {line}") } else { String::new() }
}
