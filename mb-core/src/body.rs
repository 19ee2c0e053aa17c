//! What a message carries: the typed value itself while it stays in the process, bytes once it has
//! crossed. It is encoded when, and only when, somebody needs bytes.
//!
//! A typed body whose reader expects another Rust type (two versions of one contract in one
//! process) goes through the codec, so memory behaves like every other transport.

use std::{
    any::{Any, type_name},
    fmt,
    sync::Arc,
};

use bytes::Bytes;
use serde::Serialize;

use crate::{Codec, DecodeError, EncodeError, Payload};

/// The content of a message: a typed value, or bytes with their codec.
pub struct Body(Repr);

enum Repr {
    Owned(Box<dyn Erased>),
    Shared(Arc<dyn Erased>),
    /// Boxed, as every message is as wide as this.
    Encoded(Box<Encoded>),
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
        Self(Repr::Shared(value))
    }

    /// Bytes from elsewhere. Nothing is checked until somebody reads them.
    pub fn encoded(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        Encoded { codec, bytes: bytes.into() }.into()
    }

    /// The value, if the body holds one of exactly this type, not bytes.
    pub fn downcast_ref<T: Payload>(&self) -> Option<&T> {
        let any: &dyn Any = match &self.0 {
            Repr::Owned(value) => &**value,
            Repr::Shared(value) => &**value,
            Repr::Encoded(_) => return None,
        };
        any.downcast_ref()
    }

    /// Takes the value out: moved where it is already of this type, decoded where it is bytes.
    #[inline]
    pub fn decode<T: Payload>(self) -> Result<T, DecodeError> {
        self.decode_boxed().map(|value| *value)
    }

    /// Takes the value out as it is held: a typed one is not even moved.
    pub fn decode_boxed<T: Payload>(self) -> Result<Box<T>, DecodeError> {
        match self.0 {
            Repr::Owned(value) => {
                downcast::<T>(value).or_else(|value| convert(&*value).map(Box::new))
            }
            Repr::Shared(value) => match downcast_shared::<T>(value) {
                Ok(value) => Arc::try_unwrap(value).or_else(|value| convert::<T>(&*value)),
                Err(value) => convert(&*value),
            }
            .map(Box::new),
            Repr::Encoded(encoded) => encoded.codec.decode(&encoded.bytes).map(Box::new),
        }
    }

    /// The value behind a shared pointer: nothing is copied where it is shared already.
    pub fn decode_shared<T: Payload>(&self) -> Result<Arc<T>, DecodeError> {
        match &self.0 {
            Repr::Owned(value) => convert(&**value).map(Arc::new),
            Repr::Shared(value) => match downcast_shared::<T>(Arc::clone(value)) {
                Ok(value) => Ok(value),
                Err(value) => convert(&*value).map(Arc::new),
            },
            Repr::Encoded(encoded) => encoded.codec.decode(&encoded.bytes).map(Arc::new),
        }
    }

    /// The body as bytes of this codec. Bytes that are in it already are handed out as they are.
    pub fn encode(&self, codec: &Codec) -> Result<Encoded, EncodeError> {
        let bytes = match &self.0 {
            Repr::Owned(value) => value.encode(codec)?,
            Repr::Shared(value) => value.encode(codec)?,
            Repr::Encoded(encoded) if encoded.codec == *codec => encoded.bytes.clone(),
            Repr::Encoded(encoded) => transcode(encoded, codec)?,
        };
        Ok(Encoded { codec: codec.clone(), bytes })
    }

    /// Another handle on the same content, where that costs no copy: shared values and bytes.
    pub fn share(&self) -> Option<Self> {
        match &self.0 {
            Repr::Owned(_) => None,
            Repr::Shared(value) => Some(Self(Repr::Shared(Arc::clone(value)))),
            Repr::Encoded(encoded) => Some(Self(Repr::Encoded(encoded.clone()))),
        }
    }
}

impl From<Encoded> for Body {
    fn from(encoded: Encoded) -> Self {
        Self(Repr::Encoded(Box::new(encoded)))
    }
}

/// Never shows the content: payloads do not belong in logs.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Owned(value) => write!(f, "Body({})", value.type_name()),
            Repr::Shared(value) => write!(f, "Body(shared {})", value.type_name()),
            Repr::Encoded(encoded) => {
                write!(f, "Body({}, {} bytes)", encoded.codec.name(), encoded.bytes.len())
            }
        }
    }
}

/// A payload whose type is known only to whoever made it and whoever reads it.
trait Erased: Any + Send + Sync {
    fn encode(&self, codec: &Codec) -> Result<Bytes, EncodeError>;
    fn type_name(&self) -> &'static str;
}

impl<T: Serialize + Any + Send + Sync> Erased for T {
    fn encode(&self, codec: &Codec) -> Result<Bytes, EncodeError> {
        codec.encode(self)
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }
}

fn downcast<T: Payload>(value: Box<dyn Erased>) -> Result<Box<T>, Box<dyn Erased>> {
    let any: &dyn Any = &*value;
    if any.is::<T>() {
        let any: Box<dyn Any> = value;
        Ok(any.downcast().expect("the type was just compared"))
    } else {
        Err(value)
    }
}

fn downcast_shared<T: Payload>(value: Arc<dyn Erased>) -> Result<Arc<T>, Arc<dyn Erased>> {
    let any: &dyn Any = &*value;
    if any.is::<T>() {
        let any: Arc<dyn Any + Send + Sync> = value;
        Ok(any.downcast().expect("the type was just compared"))
    } else {
        Err(value)
    }
}

/// The long way from one Rust type to another of the same shape: what a network would do.
fn convert<T: Payload>(value: &dyn Erased) -> Result<T, DecodeError> {
    let bytes = value
        .encode(&Codec::JSON)
        .map_err(|error| DecodeError { path: String::new(), reason: error.to_string() })?;
    Codec::JSON.decode(&bytes)
}

fn transcode(encoded: &Encoded, codec: &Codec) -> Result<Bytes, EncodeError> {
    let value: serde_json::Value = encoded
        .codec
        .decode(&encoded.bytes)
        .map_err(|error| EncodeError { codec: codec.name(), reason: error.to_string() })?;
    codec.encode(&value)
}
