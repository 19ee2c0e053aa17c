//! JSON (RFC 8259), by serde_json. Nesting is limited to 128 levels.

use serde::{Serialize, de::DeserializeOwned};

use super::{DecodeError, locate};

pub(super) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    serde_json::to_writer(out, value).map_err(|error| error.to_string())
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    // Checked as a whole, which is quicker than string by string.
    let text = std::str::from_utf8(bytes)
        .map_err(|error| DecodeError::whole(format!("not UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| {
        let mut reader = serde_json::Deserializer::from_str(text);
        locate::<T, _>(&mut reader, error.to_string())
    })
}
