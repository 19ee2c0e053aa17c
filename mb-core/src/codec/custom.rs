//! A codec of a user's own, behind `dyn`.

use erased_serde::{Deserializer, Serialize};
use serde::de::DeserializeOwned;

use super::DecodeError;

/// A format that a user adds: CBOR, say. Give it to both sides with their builders' `codec`.
///
/// Any serde format fits. Frames are written with it too; a payload is then a byte string inside
/// its frame.
pub trait CustomCodec: Send + Sync + 'static {
    /// Its name, as in `?codec=cbor`: lower-case letters, digits and `-`.
    fn name(&self) -> &'static str;

    /// Whether it writes text (UTF-8) rather than any bytes.
    fn is_text(&self) -> bool {
        false
    }

    /// Writes a value behind what is in `out` already.
    ///
    /// # Errors
    /// What is wrong with the value, for people.
    fn write(&self, value: &dyn Serialize, out: &mut Vec<u8>) -> Result<(), String>;

    /// Calls `read` once with a deserializer over `bytes`, which come from outside: it must not
    /// panic on any, and must bound how deep they may be nested.
    ///
    /// # Errors
    /// What is wrong with the bytes, for people.
    fn read(&self, bytes: &[u8], read: Read<'_>) -> Result<(), String>;
}

/// What takes a value out of a deserializer.
type Read<'a> = &'a mut dyn FnMut(&mut dyn Deserializer<'_>) -> Result<(), erased_serde::Error>;

pub(super) fn write<T: serde::Serialize + ?Sized>(
    codec: &dyn CustomCodec,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let start = out.len();
    codec.write(&value, out)?;
    let written = out.get(start..).unwrap_or_default();
    if codec.is_text() && std::str::from_utf8(written).is_err() {
        return Err("the codec says that it writes text, and wrote something else".to_owned());
    }
    Ok(())
}

pub(super) fn read<T: DeserializeOwned>(
    codec: &dyn CustomCodec,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    let mut value = None;
    let mut misfit = None;
    let read = codec.read(
        bytes,
        &mut |deserializer| match serde_path_to_error::deserialize::<_, T>(deserializer) {
            Ok(read) => {
                value = Some(read);
                Ok(())
            }
            Err(error) => {
                let path = error.path().to_string();
                let path = if path == "." { String::new() } else { path };
                let error = error.into_inner();
                misfit = Some(DecodeError { path, reason: error.to_string() });
                Err(error)
            }
        },
    );
    match (read, misfit, value) {
        (Ok(()), None, Some(value)) => Ok(value),
        (_, Some(misfit), _) => Err(misfit),
        (Err(reason), ..) => Err(DecodeError::whole(reason)),
        (Ok(()), None, None) => Err(DecodeError::whole("the codec read nothing")),
    }
}
