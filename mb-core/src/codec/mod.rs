//! How a value becomes bytes and a value again.
//!
//! Reading tries the fast way first; only a payload that does not fit pays for finding out where.

mod custom;
mod json;
mod message_pack;

use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

pub use custom::CustomCodec;

/// A format for bodies and frames: [JSON](Self::JSON), [MessagePack](Self::MESSAGE_PACK), or one
/// that a user [added](Self::custom).
#[derive(Clone)]
pub struct Codec(Format);

#[derive(Clone)]
enum Format {
    Json,
    MessagePack,
    Custom(Arc<dyn CustomCodec>),
}

/// A value that cannot be written: a map with keys that are no strings, a user's own refusal.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as {codec}: {reason}")]
#[non_exhaustive]
pub struct EncodeError {
    /// The codec's name.
    pub codec: &'static str,
    /// What the value's own `Serialize` said.
    pub reason: String,
}

/// Bytes that are not the value they should be.
#[derive(Debug, thiserror::Error)]
#[error("{}{reason}", self.prefix())]
#[non_exhaustive]
pub struct DecodeError {
    /// Where, in wire names: `items[1].quantity`. Empty where the whole value is wrong.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl DecodeError {
    /// A message of a name that the reader's contract does not have.
    pub fn unknown(name: &str) -> Self {
        Self::whole(format!("`{name}` is not declared"))
    }

    /// The whole value is wrong, for this reason.
    pub fn whole(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    fn prefix(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("`{}`: ", self.path) }
    }
}

impl Codec {
    /// JSON (RFC 8259).
    pub const JSON: Self = Self(Format::Json);

    /// [MessagePack](https://github.com/msgpack/msgpack/blob/master/spec.md), structs as maps: the
    /// same shapes as in JSON.
    pub const MESSAGE_PACK: Self = Self(Format::MessagePack);

    /// The codecs that are always there.
    pub const BUILT_IN: &'static [Self] = &[Self::JSON, Self::MESSAGE_PACK];

    /// A codec of the user's own. Both sides must have it.
    pub fn custom(codec: impl CustomCodec) -> Self {
        Self(Format::Custom(Arc::new(codec)))
    }

    /// The name in a connection string, and, after `mb.`, as a WebSocket subprotocol: `json`,
    /// `msgpack`.
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Format::Json => "json",
            Format::MessagePack => "msgpack",
            Format::Custom(custom) => custom.name(),
        }
    }

    /// Whether what it writes is text (UTF-8), rather than any bytes.
    pub fn is_text(&self) -> bool {
        match &self.0 {
            Format::Json => true,
            Format::MessagePack => false,
            Format::Custom(custom) => custom.is_text(),
        }
    }

    /// The built-in codec of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::BUILT_IN.iter().find(|codec| codec.name() == name).cloned()
    }

    /// Writes a value. A panic in its `Serialize` is an error like any other.
    pub fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Bytes, EncodeError> {
        scratch(|out| self.write(value, out))
    }

    /// Writes a value behind what is in `out` already. On an error, what was written of it is
    /// taken back.
    pub fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let start = out.len();
        let written = catch_unwind(AssertUnwindSafe(|| match &self.0 {
            Format::Json => json::write(value, out),
            Format::MessagePack => message_pack::write(value, out),
            Format::Custom(codec) => custom::write(&**codec, value, out),
        }));
        written.unwrap_or_else(|_| Err(PANICKED.to_owned())).map_err(|reason| {
            out.truncate(start);
            EncodeError { codec: self.name(), reason }
        })
    }

    /// Reads a value, and names the place that is wrong where it is none. A panic in its
    /// `Deserialize` is an error like any other.
    pub fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, DecodeError> {
        caught(|| match &self.0 {
            Format::Json => json::read(bytes),
            Format::MessagePack => message_pack::read(bytes),
            Format::Custom(codec) => custom::read(&**codec, bytes),
        })
    }

    /// Reads a JSON value that is followed by the rest of the object it is in.
    pub(crate) fn decode_followed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
        caught(|| json::read_followed(bytes))
    }

    /// How long such a value is, in bytes.
    pub(crate) fn length_followed(bytes: &[u8]) -> Result<usize, DecodeError> {
        json::length_followed(bytes)
    }
}

/// Writes into a buffer that the thread keeps, and hands out what was written at its exact length:
/// one allocation, however often the buffer had to grow.
#[doc(hidden)]
pub fn scratch<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, E> {
    thread_local! {
        static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    // Taken out for the time being: a `Serialize` that itself encodes something gets a new one.
    let mut buffer = SCRATCH.take();
    buffer.clear();
    let written = write(&mut buffer).map(|()| Bytes::copy_from_slice(&buffer));
    if buffer.capacity() <= KEPT_SCRATCH {
        SCRATCH.set(buffer);
    }
    written
}

/// A buffer that has grown beyond this, in bytes, is not kept.
const KEPT_SCRATCH: usize = 64 * 1024;

/// A panic while reading is an error like any other.
fn caught<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(DecodeError::whole(PANICKED)))
}

/// What is said of a type whose own code panicked; what it said is on standard error.
const PANICKED: &str = "its own code panicked";

/// Reads again, keeping track of the path: only ever done for a value that was refused.
fn locate<'de, T, D>(reader: D, first: String) -> DecodeError
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    match serde_path_to_error::deserialize::<D, T>(reader) {
        Ok(_) => DecodeError::whole(first),
        Err(error) => {
            let path = error.path().to_string();
            // Where the text ends too soon, nobody knows which field would have come.
            let path = match path.strip_suffix(".?").unwrap_or(&path) {
                "." | "?" => String::new(),
                known => known.to_owned(),
            };
            DecodeError { path, reason: error.into_inner().to_string() }
        }
    }
}

/// Codecs are equal when their names are.
impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Format::Json, Format::Json) | (Format::MessagePack, Format::MessagePack) => true,
            _ => self.name() == other.name(),
        }
    }
}

impl Eq for Codec {}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec({})", self.name())
    }
}
