//! JSON frames exactly as this side writes them: their heads are compared instead of parsed. Any
//! other frame, however like these, is read the long way.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Fields, Part};

const HEAD: &str = r#"{"type":""#;
const REPLY: &str = r#"response","requestId":""#;
const REQUEST: &str = r#"request","requestId":""#;

/// The fields of a frame of the two most common kinds.
pub(super) fn fields(frame: &str) -> Option<Fields<'_>> {
    let rest = frame.strip_prefix(HEAD)?;
    match rest.strip_prefix(REPLY) {
        Some(rest) => reply(rest),
        None => request(rest.strip_prefix(REQUEST)?),
    }
}

fn reply(rest: &str) -> Option<Fields<'_>> {
    let (id, rest) = plain(rest)?;
    let data = rest.strip_prefix(r#","success":true,"data":"#)?.strip_suffix('}')?;
    // Whether this is one value, and nothing else, is for a parser to say.
    let data: &RawValue = serde_json::from_str(data).ok()?;
    Some(Fields {
        kind: Some(Cow::Borrowed("response")),
        request_id: Some(Cow::Borrowed(id)),
        success: Some(true),
        data: part(data),
        ..Fields::default()
    })
}

fn request(rest: &str) -> Option<Fields<'_>> {
    let (id, rest) = plain(rest)?;
    let (name, rest) = plain(rest.strip_prefix(r#","requestType":""#)?)?;
    let rest = rest.strip_prefix(r#","payload":"#)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    let payload = values.next()?.ok()?;
    let context = match rest.get(values.byte_offset()..)? {
        "}" => None,
        rest => {
            let context = rest.strip_prefix(r#","context":"#)?.strip_suffix('}')?;
            let context: &RawValue = serde_json::from_str(context).ok()?;
            part(context)
        }
    };
    Some(Fields {
        kind: Some(Cow::Borrowed("request")),
        request_id: Some(Cow::Borrowed(id)),
        request_type: Some(Cow::Borrowed(name)),
        payload: part(payload),
        context,
        ..Fields::default()
    })
}

/// A value that is there: `null` stands for none.
fn part(value: &RawValue) -> Option<Part<'_>> {
    (value.get() != "null").then(|| Part::Slice(value.get().as_bytes()))
}

/// A string that has begun, up to its end, if nothing in it needs a second look.
fn plain(rest: &str) -> Option<(&str, &str)> {
    let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    let (text, rest) = (rest.get(..end)?, rest.get(end..)?);
    Some((text, rest.strip_prefix('"')?))
}
