//! A JSON frame, taken apart: one pass, no tree, nothing copied that needs no unescaping.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Fields, Part, quick};

/// Every field that any frame has. Those that are not known are skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
    #[serde(borrow)]
    request_type: Option<Text<'a>>,
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    success: Option<bool>,
    n: Option<u32>,
}

/// Borrowed unless it has escapes in it. A type of its own, as serde borrows only for a field that is
/// a `Cow` itself.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

pub(super) fn fields(frame: &Bytes) -> Result<Fields<'_>, String> {
    if let Some(fields) = quick::fields(frame) {
        return Ok(fields);
    }
    // Checked as a whole, which is quicker than string by string.
    let frame = std::str::from_utf8(frame).map_err(|error| format!("not UTF-8: {error}"))?;
    let read: Frame<'_> =
        serde_json::from_str(frame).map_err(|error| format!("not a JSON frame: {error}"))?;
    Ok(Fields {
        kind: read.kind.map(|text| text.0),
        request_id: read.request_id.map(|text| text.0),
        request_type: read.request_type.map(|text| text.0),
        event: read.event.map(|text| text.0),
        payload: part(read.payload),
        data: part(read.data),
        error: part(read.error),
        context: part(read.context),
        success: read.success,
        n: read.n,
        time_left: None,
    })
}

fn part(value: Option<&RawValue>) -> Option<Part<'_>> {
    value.map(|raw| Part::Slice(raw.get().as_bytes()))
}
