//! Payloads and reply subjects, written one behind another into blocks that many of them share: most
//! messages are sent without an allocation of their own.

use std::cell::RefCell;

use async_nats::Subject;
use bytes::{Bytes, BytesMut};
use mb_core::{Body, Codec, EncodeError};

/// How large a block is, in bytes. A message that somebody keeps, keeps the block that it is in.
const BLOCK: usize = 32 * 1024;

/// What is larger has a block of its own, in bytes.
const LARGE: usize = 4 * 1024;

#[derive(Default)]
struct Pen {
    scratch: Vec<u8>,
    block: BytesMut,
}

thread_local! {
    static PEN: RefCell<Pen> = RefCell::default();
}

/// A body in this codec.
pub(crate) fn payload(body: &Body, codec: &Codec) -> Result<Bytes, EncodeError> {
    PEN.with(|pen| match pen.try_borrow_mut() {
        Ok(mut pen) => {
            pen.scratch.clear();
            body.write(codec, &mut pen.scratch)?;
            Ok(pen.cut())
        }
        // A type that sends something while it is written.
        Err(_) => body.encode(codec).map(|encoded| encoded.bytes),
    })
}

/// A subject, of tokens.
pub(crate) fn subject(write: impl Fn(&mut String)) -> Subject {
    let written = PEN.with(|pen| {
        let mut pen = pen.try_borrow_mut().ok()?;
        let mut text = String::from_utf8(std::mem::take(&mut pen.scratch)).unwrap_or_default();
        text.clear();
        write(&mut text);
        pen.scratch = text.into_bytes();
        Subject::from_utf8(pen.cut()).ok()
    });
    written.unwrap_or_else(|| {
        let mut text = String::new();
        write(&mut text);
        text.into()
    })
}

impl Pen {
    /// What has been written, and room for the next.
    fn cut(&mut self) -> Bytes {
        if self.scratch.len() > LARGE {
            return std::mem::take(&mut self.scratch).into();
        }
        if self.block.capacity() < self.scratch.len() {
            self.block = BytesMut::with_capacity(BLOCK);
        }
        self.block.extend_from_slice(&self.scratch);
        self.block.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_block_are_their_own() {
        let all: Vec<_> = (0..10_000)
            .map(|number| (number, "x".repeat(number % 97)))
            .map(|value| (payload(&Body::new(value.clone()), &Codec::JSON).unwrap(), value))
            .collect();
        for (written, value) in all {
            assert_eq!(written, serde_json::to_vec(&value).unwrap());
        }
        let large = "y".repeat(3 * BLOCK);
        let written = payload(&Body::new(large.clone()), &Codec::JSON).unwrap();
        assert_eq!(written.len(), large.len() + 2);
        assert_eq!(subject(|out| out.push_str("a.b")).as_str(), "a.b");
    }
}
