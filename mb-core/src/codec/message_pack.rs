//! MessagePack, by rmp-serde: structs as maps with their wire names, and human-readable forms, so
//! that every value has the shape it has in JSON. Nesting is limited to 128 levels, as it is there.

use rmp_serde::{Deserializer, Serializer, config::HumanReadableConfig, decode::ReadRefReader};
use serde::{Serialize, de::DeserializeOwned};

use super::{DecodeError, locate};

const MAX_DEPTH: usize = 128;

pub(super) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    let mut writer = Serializer::new(out).with_struct_map().with_human_readable();
    value.serialize(&mut writer).map_err(|error| error.to_string())
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = reader(bytes);
    T::deserialize(&mut reader)
        .map_err(|error| locate::<T, _>(&mut self::reader(bytes), error.to_string()))
}

fn reader(
    bytes: &[u8],
) -> Deserializer<ReadRefReader<'_, [u8]>, HumanReadableConfig<rmp_serde::config::DefaultConfig>> {
    let mut reader = Deserializer::from_read_ref(bytes).with_human_readable();
    reader.set_max_depth(MAX_DEPTH);
    reader
}
