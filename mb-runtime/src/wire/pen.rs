//! Writes the fields of one frame, in order.

use mb_core::{Body, Codec, EncodeError, Travelling, WireContext};
use serde::Serialize;

use super::custom::{Field, Fields};

/// A frame being written.
pub(super) struct Pen<'a> {
    codec: &'a Codec,
    out: &'a mut Vec<u8>,
    style: Style,
}

enum Style {
    Json {
        begun: bool,
    },
    MessagePack,
    /// Gathered first, and written as a whole by a codec that only knows serde.
    Custom(Fields),
}

impl<'a> Pen<'a> {
    /// Begins a frame of this many fields.
    pub(super) fn new(codec: &'a Codec, fields: usize, out: &'a mut Vec<u8>) -> Self {
        let style = if *codec == Codec::JSON {
            out.push(b'{');
            Style::Json { begun: false }
        } else if *codec == Codec::MESSAGE_PACK {
            // No frame has more than a handful of fields: one byte holds the number.
            out.push(FIX_MAP | u8::try_from(fields).unwrap_or_default());
            Style::MessagePack
        } else {
            Style::Custom(Fields::default())
        };
        Self { codec, out, style }
    }

    pub(super) fn text(&mut self, key: &'static str, value: &str) {
        match &mut self.style {
            Style::Json { .. } => {
                self.key(key);
                // A vector takes every write.
                let _ = serde_json::to_writer(&mut *self.out, value);
            }
            Style::MessagePack => {
                self.key(key);
                let _ = rmp::encode::write_str(self.out, value);
            }
            Style::Custom(fields) => fields.push(key, Field::Text(value.to_owned())),
        }
    }

    /// A text of this side's own, in which nothing has to be escaped.
    pub(super) fn plain(&mut self, key: &'static str, value: &str) {
        if let Style::Json { .. } = self.style {
            self.key(key);
            self.out.push(b'"');
            self.out.extend_from_slice(value.as_bytes());
            self.out.push(b'"');
        } else {
            self.text(key, value);
        }
    }

    pub(super) fn number(&mut self, key: &'static str, value: u32) {
        match &mut self.style {
            Style::Json { .. } => {
                self.key(key);
                self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Style::MessagePack => {
                self.key(key);
                let _ = rmp::encode::write_uint(self.out, value.into());
            }
            Style::Custom(fields) => fields.push(key, Field::Number(value)),
        }
    }

    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        match &mut self.style {
            Style::Json { .. } => {
                self.key(key);
                self.out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            Style::MessagePack => {
                self.key(key);
                let _ = rmp::encode::write_bool(self.out, value);
            }
            Style::Custom(fields) => fields.push(key, Field::Flag(value)),
        }
    }

    pub(super) fn body(&mut self, key: &'static str, body: &Body) -> Result<(), EncodeError> {
        self.nested(key, |codec, out| body.write(codec, out))
    }

    pub(super) fn value<T: Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.nested(key, |codec, out| codec.write(value, out))
    }

    /// What of a context travels, if anything.
    pub(super) fn context(&mut self, context: &Travelling) -> Result<(), EncodeError> {
        match (context, &mut self.style) {
            (Travelling::Nothing, _) => Ok(()),
            (Travelling::Whole(context), _) => self.value("context", context),
            (Travelling::Deadline(millis), Style::Json { .. }) => {
                self.key("context");
                self.out.extend_from_slice(b"{\"deadlineMs\":");
                self.out.extend_from_slice(itoa::Buffer::new().format(*millis).as_bytes());
                self.out.push(b'}');
                Ok(())
            }
            (Travelling::Deadline(millis), _) => {
                let deadline_ms = Some(*millis);
                self.value("context", &WireContext { deadline_ms, ..WireContext::default() })
            }
        }
    }

    pub(super) fn finish(self) -> Result<(), EncodeError> {
        match self.style {
            Style::Json { .. } => self.out.push(b'}'),
            Style::MessagePack => {}
            Style::Custom(fields) => self.codec.write(&fields, self.out)?,
        }
        Ok(())
    }

    fn nested(
        &mut self,
        key: &'static str,
        write: impl FnOnce(&Codec, &mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if let Style::Custom(fields) = &mut self.style {
            let mut bytes = Vec::new();
            write(self.codec, &mut bytes)?;
            fields.push(key, Field::Bytes(bytes));
            return Ok(());
        }
        self.key(key);
        write(self.codec, self.out)
    }

    fn key(&mut self, key: &'static str) {
        match &mut self.style {
            Style::Json { begun } => {
                if std::mem::replace(begun, true) {
                    self.out.push(b',');
                }
                self.out.push(b'"');
                self.out.extend_from_slice(key.as_bytes());
                self.out.extend_from_slice(b"\":");
            }
            Style::MessagePack => {
                let _ = rmp::encode::write_str(self.out, key);
            }
            Style::Custom(_) => {}
        }
    }
}

/// The marker of a map of up to 15 entries, whose number is in its lower half.
const FIX_MAP: u8 = 0x80;
