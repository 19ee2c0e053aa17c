//! The opening handshake (RFC 6455, section 4): what a client asks for, and what a server lets in.
//!
//! Written here rather than left to tungstenite for the sake of the answers: a request that is
//! refused gets a status and a sentence, and a client may fall back to JSON where a server knows
//! nothing of subprotocols.

mod admit;
mod ask;
mod head;

use mb_core::Codec;

#[cfg(feature = "axum")]
pub(crate) use admit::{Admitted, admit};
pub(crate) use admit::{Rules, answer};
pub(crate) use ask::{Asking, Refused, ask};

/// A codec's name as a subprotocol.
fn subprotocol(codec: &Codec) -> String {
    format!("mb.{}", codec.name())
}
