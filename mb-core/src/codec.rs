//! How a value becomes bytes and a value again.
//!
//! Reading tries the fast way first; only a payload that does not fit pays for finding out where.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

/// A format for bodies. JSON is the one there is today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec(Format);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Format {
    Json,
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
        Self { path: String::new(), reason: format!("`{name}` is not declared") }
    }

    fn prefix(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("`{}`: ", self.path) }
    }
}

impl Codec {
    /// JSON (RFC 8259).
    pub const JSON: Self = Self(Format::Json);

    /// The name in a connection string: `json`.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Format::Json => "json",
        }
    }

    /// The codec of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::JSON].into_iter().find(|codec| codec.name() == name)
    }

    /// Writes a value. A panic in its `Serialize` is an error like any other.
    pub fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Bytes, EncodeError> {
        let refuse = |reason: String| EncodeError { codec: self.name(), reason };
        let written = catch_unwind(AssertUnwindSafe(|| match self.0 {
            Format::Json => serde_json::to_vec(value),
        }));
        match written {
            Ok(written) => written.map(Bytes::from).map_err(|error| refuse(error.to_string())),
            Err(_) => Err(refuse(PANICKED.to_owned())),
        }
    }

    /// Reads a value, and names the place that is wrong where it is none. A panic in its
    /// `Deserialize` is an error like any other.
    pub fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, DecodeError> {
        let read = catch_unwind(AssertUnwindSafe(|| match self.0 {
            Format::Json => {
                serde_json::from_slice(bytes).map_err(|error| locate::<T>(bytes, error))
            }
        }));
        read.unwrap_or_else(|_| {
            Err(DecodeError { path: String::new(), reason: PANICKED.to_owned() })
        })
    }
}

/// What is said of a type whose own code panicked; what it said is on standard error.
const PANICKED: &str = "its own code panicked";

/// Reads again, keeping track of the path: only ever done for a value that was refused.
fn locate<T: DeserializeOwned>(bytes: &[u8], first: serde_json::Error) -> DecodeError {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => DecodeError { path: String::new(), reason: first.to_string() },
        Err(error) => {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            DecodeError { path, reason: error.into_inner().to_string() }
        }
    }
}
