//! Enums of bare variants, read from their wire names.

use serde::de::{DeserializeOwned, IntoDeserializer, value};

/// A text that is the wire name of no variant. Says which there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownName(String);

/// The variant of this wire name, as serde has it. What generated `FromStr` does.
#[doc(hidden)]
pub fn named<T: DeserializeOwned>(name: &str) -> Result<T, UnknownName> {
    let reader: value::StrDeserializer<'_, value::Error> = name.into_deserializer();
    T::deserialize(reader).map_err(|error| UnknownName(error.to_string()))
}
