//! JSON (RFC 8259), by serde_json. Nesting is limited to 128 levels.

use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

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

/// Reads the value at the beginning of what is left of a JSON object: `7}` or `7,"more":[]}`. That
/// spares whoever takes frames apart from looking for the value's end first.
pub(crate) fn read_followed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| DecodeError::whole(format!("not UTF-8: {error}")))?;
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) => {
            let mut reader = serde_json::Deserializer::from_str(text);
            return Err(locate::<T, _>(&mut reader, error.to_string()));
        }
        None => return Err(DecodeError::whole("there is no value")),
    };
    end_of_object(text, values.byte_offset())?;
    Ok(value)
}

/// Where the value ends that is followed by the rest of an object.
pub(crate) fn length_followed(bytes: &[u8]) -> Result<usize, DecodeError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| DecodeError::whole(format!("not UTF-8: {error}")))?;
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(IgnoredAny)) => Ok(values.byte_offset()),
        Some(Err(error)) => Err(DecodeError::whole(error.to_string())),
        None => Err(DecodeError::whole("there is no value")),
    }
}

/// Whether what follows the first value is the rest of an object. Mostly that is one brace.
fn end_of_object(text: &str, offset: usize) -> Result<(), DecodeError> {
    let rest = text.get(offset..).unwrap_or_default();
    if rest == "}" {
        return Ok(());
    }
    let object = format!("{{\"\":0{rest}");
    match serde_json::from_str::<IgnoredAny>(&object) {
        Ok(IgnoredAny) => Ok(()),
        Err(_) => Err(DecodeError::whole("the frame around it is not JSON")),
    }
}
