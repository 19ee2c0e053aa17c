//! What a message with many readers was written as, so that it is written once for all of them.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::Codec;

/// What a message was written as, once per codec: a list that only grows, so that a thousand readers
/// look at it without a lock.
#[derive(Default)]
pub(super) struct Frames(OnceLock<Box<Written>>);

struct Written {
    codec: Codec,
    frame: Bytes,
    others: Frames,
}

impl Frames {
    /// The frame of this codec, written by whoever needs it first. Two who do at once both write.
    pub(super) fn get<E>(
        &self,
        codec: &Codec,
        write: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let mut last = self;
        while let Some(written) = last.0.get() {
            if written.codec == *codec {
                return Ok(written.frame.clone());
            }
            last = &written.others;
        }
        let frame = write()?;
        let (codec, others) = (codec.clone(), Self::default());
        let mut mine = Box::new(Written { codec, frame: frame.clone(), others });
        while let Err(refused) = last.0.set(mine) {
            mine = refused;
            if let Some(theirs) = last.0.get() {
                last = &theirs.others;
            }
        }
        Ok(frame)
    }
}
