//! A MessagePack frame, taken apart: a map whose values are skipped, not decoded. Skipping keeps
//! count instead of a stack, so that nesting costs nothing.

use std::borrow::Cow;

use rmp::Marker;

use super::{Fields, Part};

pub(super) fn fields(frame: &[u8]) -> Result<Fields<'_>, String> {
    let mut rest = Rest(frame);
    let count = match rest.marker()? {
        Marker::FixMap(count) => count.into(),
        Marker::Map16 => rest.length(2)?,
        Marker::Map32 => rest.length(4)?,
        _ => return Err("not a MessagePack frame: not a map".to_owned()),
    };
    let mut fields = Fields::default();
    // A count that is a lie is found out when the bytes are: each entry takes two at least.
    for _ in 0..count {
        let key = text(rest.value()?)?;
        let value = rest.value()?;
        if value.first() == Some(&NULL) {
            continue;
        }
        let part = || Some(Part::Slice(value));
        let text = || text(value).map(|text| Some(Cow::Borrowed(text)));
        match key {
            "type" => fields.kind = text()?,
            "requestId" => fields.request_id = text()?,
            "requestType" => fields.request_type = text()?,
            "event" => fields.event = text()?,
            "payload" => fields.payload = part(),
            "data" => fields.data = part(),
            "error" => fields.error = part(),
            "context" => fields.context = part(),
            "success" => fields.success = Some(flag(value)?),
            "n" => fields.n = Some(number(value)?),
            _ => {}
        }
    }
    if rest.0.is_empty() { Ok(fields) } else { Err("there are bytes behind the frame".to_owned()) }
}

const NULL: u8 = 0xc0;

/// What is left of a frame.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn marker(&mut self) -> Result<Marker, String> {
        self.take(1)?.first().map(|byte| Marker::from_u8(*byte)).ok_or_else(cut_short)
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A length of this many bytes, big-endian.
    fn length(&mut self, bytes: usize) -> Result<usize, String> {
        let bytes = self.take(bytes)?;
        Ok(bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }

    /// The bytes of the next value, whatever it is.
    fn value(&mut self) -> Result<&'a [u8], String> {
        let start = self.0;
        let mut values: usize = 1;
        while values > 0 {
            values -= 1;
            let (skipped, inside) = match self.marker()? {
                Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null => (0, 0),
                Marker::True | Marker::False => (0, 0),
                Marker::U8 | Marker::I8 => (1, 0),
                Marker::U16 | Marker::I16 => (2, 0),
                Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
                Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
                Marker::FixStr(length) => (length.into(), 0),
                Marker::Str8 | Marker::Bin8 => (self.length(1)?, 0),
                Marker::Str16 | Marker::Bin16 => (self.length(2)?, 0),
                Marker::Str32 | Marker::Bin32 => (self.length(4)?, 0),
                Marker::FixExt1 => (2, 0),
                Marker::FixExt2 => (3, 0),
                Marker::FixExt4 => (5, 0),
                Marker::FixExt8 => (9, 0),
                Marker::FixExt16 => (17, 0),
                Marker::Ext8 => (self.length(1)? + 1, 0),
                Marker::Ext16 => (self.length(2)? + 1, 0),
                Marker::Ext32 => (self.length(4)? + 1, 0),
                Marker::FixArray(count) => (0, count.into()),
                Marker::Array16 => (0, self.length(2)?),
                Marker::Array32 => (0, self.length(4)?),
                Marker::FixMap(count) => (0, 2 * usize::from(count)),
                Marker::Map16 => (0, 2 * self.length(2)?),
                Marker::Map32 => (0, 2 * self.length(4)?),
                Marker::Reserved => return Err("a byte that MessagePack never uses".to_owned()),
            };
            self.take(skipped)?;
            values = values.saturating_add(inside);
        }
        let length = start.len() - self.0.len();
        Ok(start.get(..length).unwrap_or_default())
    }
}

fn text(value: &[u8]) -> Result<&str, String> {
    let mut rest = Rest(value);
    let length = match rest.marker()? {
        Marker::FixStr(length) => length.into(),
        Marker::Str8 => rest.length(1)?,
        Marker::Str16 => rest.length(2)?,
        Marker::Str32 => rest.length(4)?,
        _ => return Err("a field that should be text is not".to_owned()),
    };
    std::str::from_utf8(rest.take(length)?).map_err(|_| "a text is not UTF-8".to_owned())
}

fn flag(value: &[u8]) -> Result<bool, String> {
    match Rest(value).marker()? {
        Marker::True => Ok(true),
        Marker::False => Ok(false),
        _ => Err("`success` is not a boolean".to_owned()),
    }
}

fn number(mut value: &[u8]) -> Result<u32, String> {
    rmp::decode::read_int(&mut value)
        .map_err(|_| "`n` is not a number between 0 and 4294967295".to_owned())
}

fn cut_short() -> String {
    "the frame is cut short".to_owned()
}
