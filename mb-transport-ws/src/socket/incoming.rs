//! The half that reads. Polling it is cancel safe: what has been read of a frame stays with the
//! socket. It also answers pings and goodbyes, even if the other half never writes.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use mb_core::{ConnectionError, Frame};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Io, Socket, State, error};
use crate::close::{self, Side};

pub(super) struct Incoming<S: Io> {
    socket: Arc<Socket<S>>,
    side: Side,
    over: bool,
    /// What was read while the socket was locked for something else.
    read: VecDeque<Result<Frame, ConnectionError>>,
}

/// How many frames are read while the socket is locked once.
const BATCH: usize = 64;

/// How many bytes, at which no further frame is read.
const BATCH_BYTES: usize = 64 * 1024;

type Item = Option<Result<Frame, ConnectionError>>;

impl<S: Io> Incoming<S> {
    pub(super) fn new(socket: Arc<Socket<S>>, side: Side) -> Self {
        Self { socket, side, over: false, read: VecDeque::new() }
    }

    /// What the session makes of what was read.
    fn take(
        (side, limit, over): (Side, usize, &mut bool),
        state: &mut State<S>,
        read: Option<Result<Message, Error>>,
        cx: &mut Context<'_>,
    ) -> Item {
        let frame = match read {
            Some(Ok(Message::Text(text))) => Frame::Data(Bytes::from(text)),
            Some(Ok(Message::Binary(data))) => Frame::Data(data),
            Some(Ok(Message::Ping(_))) => Frame::Ping,
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => Frame::Pong,
            Some(Ok(Message::Close(frame))) => {
                *over = true;
                let answer_to_ours = std::mem::replace(&mut state.closing, true);
                // Sends our answer, which tungstenite has ready, and reads nothing more.
                if let Some(stream) = &mut state.stream {
                    let _ = Pin::new(stream).poll_next(cx);
                }
                if answer_to_ours {
                    return None;
                }
                Frame::Close(close::reason(frame.as_ref(), side))
            }
            Some(Err(failure)) => {
                *over = true;
                if state.closing {
                    return None;
                }
                if let Some(verdict) = close::verdict(&failure) {
                    // Best effort: the connection has failed either way.
                    let _ = state.close(verdict);
                }
                return Some(Err(error(failure, limit)));
            }
            None => {
                *over = true;
                return None;
            }
        };
        Some(Ok(frame))
    }
}

impl<S: Io> Stream for Incoming<S> {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Item> {
        let Self { socket, side, over, read } = self.get_mut();
        if let Some(frame) = read.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if *over {
            return Poll::Ready(None);
        }
        let mut state = socket.lock();
        let mut bytes = 0;
        while read.len() < BATCH && bytes < BATCH_BYTES && !*over {
            let Some(stream) = &mut state.stream else {
                *over = true;
                break;
            };
            let Poll::Ready(message) = Pin::new(stream).poll_next(cx) else { break };
            let frame = Self::take((*side, socket.limit, over), &mut state, message, cx);
            if let Some(Ok(Frame::Data(data))) = &frame {
                bytes += data.len();
            }
            read.extend(frame);
        }
        if let Some(frame) = read.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if *over {
            return Poll::Ready(None);
        }
        if let Some(patience) = &mut state.patience
            && patience.as_mut().poll(cx).is_ready()
        {
            *over = true;
            return Poll::Ready(None);
        }
        match &mut state.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            reader => *reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
