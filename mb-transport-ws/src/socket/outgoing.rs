//! The half that writes. `start_send` buffers; the network gets what is buffered on a flush, or
//! earlier where the buffer is full.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_sink::Sink;
use mb_core::{ConnectionError, EndReason, Frame};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::frame::{Frame as RawFrame, Utf8Bytes},
    },
};

use super::{Io, Socket, error};
use crate::close;

pub(super) struct Outgoing<S: Io> {
    socket: Arc<Socket<S>>,
    /// Whether data are sent as text.
    text: bool,
}

impl<S: Io> Outgoing<S> {
    pub(super) fn new(socket: Arc<Socket<S>>, text: bool) -> Self {
        Self { socket, text }
    }

    fn data(&self, data: Bytes) -> Result<Message, ConnectionError> {
        if !self.text {
            return Ok(Message::Binary(data));
        }
        match Utf8Bytes::try_from(data) {
            Ok(text) => Ok(Message::Text(text)),
            // Codecs are held to it where they write.
            Err(_) => Err(ConnectionError::Protocol("a text that is not UTF-8".to_owned())),
        }
    }

    fn poll(
        &self,
        poll: impl FnOnce(Pin<&mut WebSocketStream<S>>) -> Poll<Result<(), Error>>,
    ) -> Poll<Result<(), ConnectionError>> {
        let mut state = self.socket.lock();
        let Some(stream) = &mut state.stream else { return Poll::Ready(Ok(())) };
        poll(Pin::new(stream)).map(|done| match done {
            Err(Error::ConnectionClosed) => Ok(()),
            done => done.map_err(|failure| error(failure, self.socket.limit)),
        })
    }
}

impl<S: Io> Sink<Frame> for Outgoing<S> {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.poll(|stream| stream.poll_ready(cx))
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        let mut state = self.socket.lock();
        let message = match frame {
            Frame::Data(_) if state.closing => {
                return Err(ConnectionError::Lost("it has been closed".into()));
            }
            Frame::Data(data) => self.data(data)?,
            _ if state.closing => return Ok(()),
            Frame::Ping => Message::Ping(Bytes::new()),
            // Not `Message::Pong`, which would take the place of the answer to a ping.
            Frame::Pong => Message::Frame(RawFrame::pong(Bytes::new())),
            Frame::Close(reason) => {
                let sent = state.close(close::frame(reason));
                return sent.map_err(|failure| error(failure, self.socket.limit));
            }
            _ => return Ok(()),
        };
        let Some(stream) = &mut state.stream else { return Ok(()) };
        let sent = Pin::new(stream).start_send(message);
        sent.map_err(|failure| error(failure, self.socket.limit))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.poll(|stream| stream.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let goodbye = self.socket.lock().close(close::frame(EndReason::ClientDisconnected));
        if let Err(failure) = goodbye {
            return Poll::Ready(Err(error(failure, self.socket.limit)));
        }
        self.poll_flush(cx)
    }
}
