//! The half that writes. `start_send` buffers; the network gets what is buffered on a flush, which
//! locks the socket once for all of it.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_sink::Sink;
use mb_core::{ConnectionError, EndReason, Frame};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::frame::{
        Frame as RawFrame,
        coding::{Data, OpCode},
    },
};

use super::{Io, Socket, State, error};
use crate::close;

/// As many frames as are kept without a flush.
const MAX_BUFFERED: usize = 64 * 1024;

pub(super) struct Outgoing<S: Io> {
    socket: Arc<Socket<S>>,
    /// What is to be written with the next flush: the socket is locked once for all of it.
    frames: VecDeque<Frame>,
    /// Whether data are sent as text.
    text: bool,
}

impl<S: Io> Outgoing<S> {
    pub(super) fn new(socket: Arc<Socket<S>>, text: bool) -> Self {
        Self { socket, frames: VecDeque::new(), text }
    }

    /// As a frame, not as a text, which would be checked for being one: codecs are held to it where
    /// they write.
    fn data(&self, data: Bytes) -> Message {
        let kind = if self.text { Data::Text } else { Data::Binary };
        Message::Frame(RawFrame::message(data, OpCode::Data(kind), true))
    }

    /// Hands one frame to the socket, which has room for it.
    fn write(&self, state: &mut State<S>, frame: Frame) -> Result<(), ConnectionError> {
        let message = match frame {
            // After a goodbye nobody listens. Which side said it is the other half's to tell.
            _ if state.closing => return Ok(()),
            Frame::Data(data) => self.data(data),
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

    /// Writes what was buffered, as far as the network takes it, and flushes.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let socket = Arc::clone(&self.socket);
        let mut state = socket.lock();
        let limit = socket.limit;
        let done = |done: Result<(), Error>| match done {
            Err(Error::ConnectionClosed) => Ok(()),
            done => done.map_err(|failure| error(failure, limit)),
        };
        while !self.frames.is_empty() {
            if let Some(stream) = &mut state.stream {
                done(ready!(Pin::new(stream).poll_ready(cx)))?;
            }
            if let Some(frame) = self.frames.pop_front() {
                self.write(&mut state, frame)?;
            }
        }
        let Some(stream) = &mut state.stream else { return Poll::Ready(Ok(())) };
        Pin::new(stream).poll_flush(cx).map(done)
    }
}

impl<S: Io> Sink<Frame> for Outgoing<S> {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // Who never flushes is made to.
        if self.frames.len() < MAX_BUFFERED { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        self.get_mut().frames.push_back(frame);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.get_mut().poll_written(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let this = self.get_mut();
        ready!(this.poll_written(cx))?;
        let goodbye = this.socket.lock().close(close::frame(EndReason::ClientDisconnected));
        if let Err(failure) = goodbye {
            return Poll::Ready(Err(error(failure, this.socket.limit)));
        }
        this.poll_written(cx)
    }
}
