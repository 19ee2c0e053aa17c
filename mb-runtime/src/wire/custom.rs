//! The frames of a codec that a user added. It only knows serde, so that what it did not write
//! itself in one go, the payload, is a byte string inside the frame.

use std::borrow::Cow;

use mb_core::Codec;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_bytes::{ByteBuf, Bytes};

use super::Part;

/// The fields of a frame, gathered.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Field)>);

pub(super) enum Field {
    Text(String),
    Number(u32),
    Flag(bool),
    Bytes(Vec<u8>),
}

impl Fields {
    pub(super) fn push(&mut self, key: &'static str, field: Field) {
        self.0.push((key, field));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, field) in &self.0 {
            match field {
                Field::Text(text) => map.serialize_entry(key, text)?,
                Field::Number(number) => map.serialize_entry(key, number)?,
                Field::Flag(flag) => map.serialize_entry(key, flag)?,
                Field::Bytes(bytes) => map.serialize_entry(key, Bytes::new(bytes))?,
            }
        }
        map.end()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    request_type: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    payload: Option<ByteBuf>,
    #[serde(default)]
    data: Option<ByteBuf>,
    #[serde(default)]
    error: Option<ByteBuf>,
    #[serde(default)]
    context: Option<ByteBuf>,
    #[serde(default)]
    success: Option<bool>,
    #[serde(default)]
    n: Option<u32>,
}

pub(super) fn fields<'a>(codec: &Codec, frame: &[u8]) -> Result<super::Fields<'a>, String> {
    let read: Frame =
        codec.decode(frame).map_err(|error| format!("not a frame of {}: {error}", codec.name()))?;
    let part = |bytes: Option<ByteBuf>| bytes.map(|bytes| Part::Own(bytes.into_vec().into()));
    Ok(super::Fields {
        kind: read.kind.map(Cow::Owned),
        request_id: read.request_id.map(Cow::Owned),
        request_type: read.request_type.map(Cow::Owned),
        event: read.event.map(Cow::Owned),
        payload: part(read.payload),
        data: part(read.data),
        error: part(read.error),
        context: part(read.context),
        success: read.success,
        n: read.n,
        time_left: None,
    })
}
