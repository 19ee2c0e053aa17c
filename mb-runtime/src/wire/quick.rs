//! JSON frames as this side writes them: their heads are compared instead of parsed, and where their
//! last value ends is left to whoever decodes it. Any other frame is read the long way.

use std::borrow::Cow;

use super::{Fields, Part};

const HEAD: &[u8] = br#"{"type":""#;
const REPLY: &[u8] = br#"response","requestId":""#;
const REQUEST: &[u8] = br#"request","requestId":""#;
const NAME: &[u8] = br#","requestType":""#;
const DATA: &[u8] = br#","success":true,"data":"#;
/// The one context that is so short that its end is easily found.
const DEADLINE: &[u8] = br#","context":{"deadlineMs":"#;
const PAYLOAD: &[u8] = br#","payload":"#;

/// The fields of a frame of the two most common kinds.
pub(super) fn fields(frame: &[u8]) -> Option<Fields<'_>> {
    let rest = frame.strip_prefix(HEAD)?;
    match rest.strip_prefix(REPLY) {
        Some(rest) => reply(rest),
        None => request(rest.strip_prefix(REQUEST)?),
    }
}

fn reply(rest: &[u8]) -> Option<Fields<'_>> {
    let (id, rest) = plain(rest)?;
    Some(Fields {
        kind: Some(Cow::Borrowed("response")),
        request_id: Some(Cow::Borrowed(id)),
        success: Some(true),
        data: Some(last(rest.strip_prefix(DATA)?)?),
        ..Fields::default()
    })
}

fn request(rest: &[u8]) -> Option<Fields<'_>> {
    let (id, rest) = plain(rest)?;
    let (name, rest) = plain(rest.strip_prefix(NAME)?)?;
    // Without a context before the payload there may be one behind it.
    let rest = rest.strip_prefix(DEADLINE)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (millis, rest) = rest.split_at_checked(digits)?;
    let payload = rest.strip_prefix(b"}")?.strip_prefix(PAYLOAD)?;
    Some(Fields {
        kind: Some(Cow::Borrowed("request")),
        request_id: Some(Cow::Borrowed(id)),
        request_type: Some(Cow::Borrowed(name)),
        time_left: Some(std::str::from_utf8(millis).ok()?.parse().ok()?),
        payload: Some(last(payload)?),
        ..Fields::default()
    })
}

/// A string that has begun, up to its end, if nothing in it needs a second look.
fn plain(rest: &[u8]) -> Option<(&str, &[u8])> {
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x80..))?;
    let (text, rest) = rest.split_at_checked(end)?;
    Some((std::str::from_utf8(text).ok()?, rest.strip_prefix(b"\"")?))
}

/// The last value of a frame, if it is one that looks like one.
fn last(value: &[u8]) -> Option<Part<'_>> {
    // `null` stands for none, which is for the long way to know.
    let first = value.first()?;
    (*first != b'n' && value.ends_with(b"}")).then_some(Part::Followed(value))
}
