//! A WebSocket as a [`Duplex`].
//!
//! The two halves share the socket behind a lock that no half holds while it waits. Payloads are
//! passed on, not copied. However the connection ends, the other side is told why as far as it
//! still listens, and no end waits for it longer than [`PATIENCE`].

mod incoming;
mod linger;
mod outgoing;

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use mb_core::{Codec, ConnectionError, Duplex, Limits};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Handle,
    time::{Sleep, sleep},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error,
        error::ProtocolError,
        protocol::{CloseFrame, Message, WebSocketConfig},
    },
};

use self::{incoming::Incoming, outgoing::Outgoing};
use crate::close::Side;

/// How long the other side may take to answer a goodbye.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is read from the network at once, in bytes. A larger frame gets a buffer of its own size.
const READ_BUFFER: usize = 8 * 1024;

/// What is written to the network before anybody flushes, in bytes.
const WRITE_BUFFER: usize = 64 * 1024;

/// What a WebSocket can run over.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Io for T {}

/// The bounds of a connection, in tungstenite's words. A frame over the limit is refused by its
/// header.
pub(crate) fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(limits.max_message))
        .max_frame_size(Some(limits.max_message))
}

/// An open WebSocket as frames in and frames out.
pub(crate) fn duplex<S: Io>(
    stream: WebSocketStream<S>,
    side: Side,
    codec: Codec,
    limits: &Limits,
    remote: String,
) -> Duplex {
    let text = codec.is_text();
    let limit = limits.max_message;
    let state = State { stream: Some(stream), closing: false, patience: None, reader: None };
    let socket = Arc::new(Socket { state: Mutex::new(state), limit });
    Duplex {
        incoming: Box::pin(Incoming::new(Arc::clone(&socket), side)),
        outgoing: Box::pin(Outgoing::new(socket, text)),
        codec,
        remote,
    }
}

/// What the two halves share.
struct Socket<S: Io> {
    state: Mutex<State<S>>,
    /// The largest message taken, in bytes.
    limit: usize,
}

struct State<S: Io> {
    /// There until this is dropped.
    stream: Option<WebSocketStream<S>>,
    /// Whether one side has said goodbye.
    closing: bool,
    /// Runs once this side has said goodbye.
    patience: Option<Pin<Box<Sleep>>>,
    /// Who waits for frames.
    reader: Option<Waker>,
}

impl<S: Io> Socket<S> {
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Io> State<S> {
    /// Says goodbye, once; it leaves with the next flush at the latest.
    fn close(&mut self, frame: CloseFrame) -> Result<(), Error> {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.closing) else { return Ok(()) };
        self.closing = true;
        // Off tokio there is no clock to run out.
        let runtime = Handle::try_current().ok();
        self.patience = runtime.map(|_| Box::pin(sleep(PATIENCE)));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        futures_util::Sink::start_send(Pin::new(stream), Message::Close(Some(frame)))
    }
}

impl<S: Io> Drop for State<S> {
    fn drop(&mut self) {
        let (Some(stream), true) = (self.stream.take(), self.closing) else { return };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(linger::linger(stream));
        }
    }
}

/// An error of the socket, as the session sees it.
fn error(error: Error, limit: usize) -> ConnectionError {
    match error {
        Error::Capacity(_) => ConnectionError::TooLarge { limit },
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            ConnectionError::Lost("the other side left without a word".into())
        }
        Error::Protocol(error) => ConnectionError::Protocol(error.to_string()),
        Error::Utf8(_) => ConnectionError::Protocol("a text frame is not UTF-8".to_owned()),
        Error::Io(error) => ConnectionError::Lost(error.into()),
        error => ConnectionError::Lost(error.into()),
    }
}
