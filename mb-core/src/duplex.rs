//! A connection that moves frames and knows nothing of what is in them: what a transport gives
//! whose engine has no requests of its own. The session in the runtime does the rest.

use std::{error::Error, fmt, io, pin::Pin};

use bytes::Bytes;
use futures_core::stream::BoxStream;
use futures_sink::Sink;

use crate::{Codec, EndReason};

/// A connection: frames in, frames out. Boxed once per connection, never per frame.
pub struct Duplex {
    /// Frames from the other side, in order. Owed: polling it is cancel safe; it ends, or fails
    /// once, when the connection is over; a frame over the size limit fails it without being read
    /// into memory.
    pub incoming: FrameStream,
    /// Frames for the other side. Owed: `start_send` only buffers, `flush` hands all that is
    /// buffered to the network; a frame kind that the transport does not have is swallowed.
    pub outgoing: FrameSink,
    /// What the frames are written in, as the two sides have agreed.
    pub codec: Codec,
    /// Who is at the other end, for people who read the log: an IP address and port.
    pub remote: String,
}

/// Where frames come from.
pub type FrameStream = BoxStream<'static, Result<Frame, ConnectionError>>;

/// Where frames go.
pub type FrameSink = Pin<Box<dyn Sink<Frame, Error = ConnectionError> + Send>>;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// A message of the session, in the connection's codec.
    Data(Bytes),
    /// Asks for a sign of life, below the session.
    Ping,
    /// A sign of life.
    Pong,
    /// The last frame, and why it is.
    Close(EndReason),
}

impl Frame {
    /// How many bytes of a message it carries.
    #[allow(clippy::len_without_is_empty, reason = "a frame without a message is no empty one")]
    pub fn len(&self) -> usize {
        match self {
            Self::Data(bytes) => bytes.len(),
            Self::Ping | Self::Pong | Self::Close(_) => 0,
        }
    }
}

/// A connection is over, and not by a [`Frame::Close`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The other side sent a frame that is larger than this side takes.
    #[error(
        "a frame is larger than the limit of {limit} bytes: send less, or raise `Limits::max_message` on this side"
    )]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The other side does not keep to the transport's own protocol.
    #[error("the other side broke the protocol: {0}")]
    Protocol(String),
    /// The connection was cut.
    #[error("the connection was lost: {0}")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
}

/// What a socket says is wrong with it: the connection was cut.
impl From<io::Error> for ConnectionError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error.into())
    }
}

impl fmt::Debug for Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex")
            .field("codec", &self.codec)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}
