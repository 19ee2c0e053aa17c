//! What a message carries: the typed value itself while it stays in the process, bytes once it has
//! crossed. It is encoded when, and only when, somebody needs bytes.
//!
//! A typed body whose reader expects another Rust type (two versions of one contract in one
//! process) goes through the codec, so memory behaves like every other transport.

mod erased;
mod frames;

use std::{any::Any, fmt, sync::Arc};

use bytes::Bytes;

use self::{
    erased::{Erased, downcast, downcast_shared},
    frames::Frames,
};
use crate::{Codec, DecodeError, EncodeError, Payload};

/// The content of a message: a typed value, or bytes with their codec.
pub struct Body(Repr);

enum Repr {
    Owned(Box<dyn Erased>),
    Shared(Box<Shared>),
    /// Without its codec: every message is as wide as this.
    Json(Bytes),
    /// With the rest of the frame behind it: where it ends is found out as it is read.
    JsonFollowed(Bytes),
    MessagePack(Bytes),
    Custom(Box<Encoded>),
}

/// A value with many readers, and the frames that its message was written as for them.
struct Shared {
    value: Arc<dyn Erased>,
    frames: Frames,
}

impl Shared {
    fn new(value: Arc<dyn Erased>) -> Box<Self> {
        Box::new(Self { value, frames: Frames::default() })
    }
}

/// Bytes, and what they are written in.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// How to read them.
    pub codec: Codec,
    /// The bytes, shared: cloning copies nothing.
    pub bytes: Bytes,
}

impl Body {
    /// A typed value with one owner: requests and replies.
    #[inline]
    pub fn new<T: Payload>(value: T) -> Self {
        Self(Repr::Owned(Box::new(value)))
    }

    /// A typed value with many readers: events.
    pub fn shared<T: Payload>(value: Arc<T>) -> Self {
        Self(Repr::Shared(Shared::new(value)))
    }

    /// Bytes from elsewhere. Nothing is checked until somebody reads them.
    pub fn encoded(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        Encoded { codec, bytes: bytes.into() }.into()
    }

    /// A JSON value with the rest of the object behind it that it was found in: `7}`. Nothing is
    /// checked until somebody reads it. For those who take frames apart.
    #[doc(hidden)]
    pub fn json_followed(bytes: Bytes) -> Self {
        Self(Repr::JsonFollowed(bytes))
    }

    /// The value, if the body holds one of exactly this type, not bytes.
    pub fn downcast_ref<T: Payload>(&self) -> Option<&T> {
        let any: &dyn Any = match &self.0 {
            Repr::Owned(value) => &**value,
            Repr::Shared(shared) => &*shared.value,
            Repr::Json(_) | Repr::JsonFollowed(_) | Repr::MessagePack(_) | Repr::Custom(_) => {
                return None;
            }
        };
        any.downcast_ref()
    }

    /// Takes the value out: moved where it is already of this type, decoded where it is bytes.
    #[inline]
    pub fn decode<T: Payload>(self) -> Result<T, DecodeError> {
        self.decode_boxed().map(|value| *value)
    }

    /// Takes the value out as it is held: a typed one is not even moved.
    #[inline]
    pub fn decode_boxed<T: Payload>(self) -> Result<Box<T>, DecodeError> {
        match self.0 {
            Repr::Owned(value) => {
                downcast::<T>(value).or_else(|value| convert(&*value).map(Box::new))
            }
            shared_or_bytes => Self(shared_or_bytes).decode_elsewhere(),
        }
    }

    /// Not the way of a call in process.
    #[inline(never)]
    fn decode_elsewhere<T: Payload>(self) -> Result<Box<T>, DecodeError> {
        match self.0 {
            Repr::Owned(value) => convert(&*value).map(Box::new),
            Repr::Shared(shared) => match downcast_shared::<T>(shared.value) {
                Ok(value) => Arc::try_unwrap(value).or_else(|value| convert::<T>(&*value)),
                Err(value) => convert(&*value),
            }
            .map(Box::new),
            Repr::Json(bytes) => Codec::JSON.decode(&bytes).map(Box::new),
            Repr::JsonFollowed(bytes) => Codec::decode_followed(&bytes).map(Box::new),
            Repr::MessagePack(bytes) => Codec::MESSAGE_PACK.decode(&bytes).map(Box::new),
            Repr::Custom(encoded) => encoded.codec.decode(&encoded.bytes).map(Box::new),
        }
    }

    /// The value behind a shared pointer: nothing is copied where it is shared already.
    pub fn decode_shared<T: Payload>(&self) -> Result<Arc<T>, DecodeError> {
        match &self.0 {
            Repr::Owned(value) => convert(&**value).map(Arc::new),
            Repr::Shared(shared) => downcast_shared(Arc::clone(&shared.value))
                .or_else(|value| convert(&*value).map(Arc::new)),
            Repr::Json(bytes) => Codec::JSON.decode(bytes).map(Arc::new),
            Repr::JsonFollowed(bytes) => Codec::decode_followed(bytes).map(Arc::new),
            Repr::MessagePack(bytes) => Codec::MESSAGE_PACK.decode(bytes).map(Arc::new),
            Repr::Custom(encoded) => encoded.codec.decode(&encoded.bytes).map(Arc::new),
        }
    }

    /// The body as bytes of this codec. Bytes that are in it already are handed out as they are.
    pub fn encode(&self, codec: &Codec) -> Result<Encoded, EncodeError> {
        let bytes = match &self.0 {
            Repr::Owned(value) => value.encode(codec)?,
            Repr::Shared(shared) => shared.value.encode(codec)?,
            Repr::Json(bytes) => transcode(&Codec::JSON, bytes, codec)?,
            Repr::JsonFollowed(bytes) => {
                let length = Codec::length_followed(bytes).map_err(|error| EncodeError {
                    codec: codec.name(),
                    reason: error.to_string(),
                })?;
                transcode(&Codec::JSON, &bytes.slice(..length), codec)?
            }
            Repr::MessagePack(bytes) => transcode(&Codec::MESSAGE_PACK, bytes, codec)?,
            Repr::Custom(encoded) => transcode(&encoded.codec, &encoded.bytes, codec)?,
        };
        Ok(Encoded { codec: codec.clone(), bytes })
    }

    /// Writes the body behind what is in `out` already: without a copy in between where it is typed
    /// or in this codec.
    pub fn write(&self, codec: &Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &self.0 {
            Repr::Owned(value) => value.write(codec, out),
            Repr::Shared(shared) => shared.value.write(codec, out),
            Repr::Json(_) | Repr::JsonFollowed(_) | Repr::MessagePack(_) | Repr::Custom(_) => {
                out.extend_from_slice(&self.encode(codec)?.bytes);
                Ok(())
            }
        }
    }

    /// A frame of this codec, kept where the body has many readers: see
    /// [`Message::frame`](crate::Message::frame).
    pub(crate) fn frame<E>(
        &self,
        codec: &Codec,
        write: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        match &self.0 {
            Repr::Shared(shared) => shared.frames.get(codec, write),
            _ => write(),
        }
    }

    /// Another handle on the same content, where that costs no copy: shared values and bytes.
    pub fn share(&self) -> Option<Self> {
        Some(Self(match &self.0 {
            Repr::Owned(_) => return None,
            Repr::Shared(shared) => Repr::Shared(Shared::new(Arc::clone(&shared.value))),
            Repr::Json(bytes) => Repr::Json(bytes.clone()),
            Repr::JsonFollowed(bytes) => Repr::JsonFollowed(bytes.clone()),
            Repr::MessagePack(bytes) => Repr::MessagePack(bytes.clone()),
            Repr::Custom(encoded) => Repr::Custom(encoded.clone()),
        }))
    }

    /// Another handle on the same content. A value with one owner becomes one with many.
    pub(crate) fn share_from_now_on(&mut self) -> Self {
        if let Some(shared) = self.share() {
            return shared;
        }
        let Repr::Owned(value) = std::mem::replace(&mut self.0, Repr::Json(Bytes::new())) else {
            unreachable!("whatever else can be shared as it is");
        };
        let value: Arc<dyn Erased> = Arc::from(value);
        self.0 = Repr::Shared(Shared::new(Arc::clone(&value)));
        Self(Repr::Shared(Shared::new(value)))
    }
}

impl From<Encoded> for Body {
    fn from(encoded: Encoded) -> Self {
        let Encoded { codec, bytes } = encoded;
        Self(if codec == Codec::JSON {
            Repr::Json(bytes)
        } else if codec == Codec::MESSAGE_PACK {
            Repr::MessagePack(bytes)
        } else {
            Repr::Custom(Box::new(Encoded { codec, bytes }))
        })
    }
}

/// Never shows the content: payloads do not belong in logs.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Owned(value) => write!(f, "Body({})", value.type_name()),
            Repr::Shared(shared) => write!(f, "Body(shared {})", shared.value.type_name()),
            Repr::Json(bytes) | Repr::JsonFollowed(bytes) => {
                write!(f, "Body(json, {} bytes)", bytes.len())
            }
            Repr::MessagePack(bytes) => write!(f, "Body(msgpack, {} bytes)", bytes.len()),
            Repr::Custom(encoded) => {
                write!(f, "Body({}, {} bytes)", encoded.codec.name(), encoded.bytes.len())
            }
        }
    }
}

/// The long way from one Rust type to another of the same shape: what a network would do.
fn convert<T: Payload>(value: &dyn Erased) -> Result<T, DecodeError> {
    let bytes = value
        .encode(&Codec::JSON)
        .map_err(|error| DecodeError { path: String::new(), reason: error.to_string() })?;
    Codec::JSON.decode(&bytes)
}

/// Bytes of one codec in another; as they are where that is the same.
fn transcode(from: &Codec, bytes: &Bytes, to: &Codec) -> Result<Bytes, EncodeError> {
    if from == to {
        return Ok(bytes.clone());
    }
    let value: serde_json::Value = from
        .decode(bytes)
        .map_err(|error| EncodeError { codec: to.name(), reason: error.to_string() })?;
    to.encode(&value)
}
