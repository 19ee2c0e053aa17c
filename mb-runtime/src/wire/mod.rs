//! Frames and bytes: what a session says, in the shapes of the wire format, in any codec.
//!
//! Reading takes a frame apart and decodes nothing of its payload: the parts are slices of the
//! frame, for whoever wants them. Writing goes straight into one buffer.

mod custom;
mod json;
mod message_pack;
mod pen;
mod quick;
pub(crate) mod system;

use std::borrow::Cow;

use bytes::Bytes;
use mb_core::{Body, Codec, Context, EncodeError, Travelling, WireError, scratch};

use pen::Pen;

/// A frame, taken apart. Ids are borrowed from it, as most are read once.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    Request { id: Cow<'a, str>, name: Cow<'a, str>, payload: Value, context: Context },
    Response { id: Cow<'a, str>, result: Result<Value, WireError> },
    Event { name: Cow<'a, str>, payload: Value, context: Context },
    Item { id: Cow<'a, str>, data: Value },
    Credit { id: Cow<'a, str>, n: u32 },
    Cancel { id: Cow<'a, str> },
}

/// A value inside a frame, decoded by whoever wants it.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    bytes: Bytes,
    /// Whether the rest of a JSON frame is behind it.
    followed: bool,
}

impl Value {
    pub(crate) fn into_body(self, codec: &Codec) -> Body {
        if self.followed {
            Body::json_followed(self.bytes)
        } else {
            Body::encoded(codec.clone(), self.bytes)
        }
    }
}

/// A frame of which nothing can be made.
#[derive(Debug)]
pub(crate) struct BadFrame {
    /// What is wrong, for the other side's developer.
    pub(crate) reason: String,
    /// The request that it belongs to, where that much could be read.
    pub(crate) request_id: Option<String>,
}

/// Takes a frame apart. Any bytes are either a frame or a [`BadFrame`].
pub(crate) fn read<'a>(codec: &Codec, frame: &'a Bytes) -> Result<Incoming<'a>, BadFrame> {
    let fields = if *codec == Codec::JSON {
        json::fields(frame)
    } else if *codec == Codec::MESSAGE_PACK {
        message_pack::fields(frame)
    } else {
        custom::fields(codec, frame)
    };
    let fields = fields.map_err(|reason| BadFrame { reason, request_id: None })?;
    let id = fields.request_id.clone();
    let bad = |reason| BadFrame { reason, request_id: id.map(Cow::into_owned) };
    fields.into_incoming(codec, frame).map_err(bad)
}

/// What is read of a frame before it is known what kind of frame it is.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    request_type: Option<Cow<'a, str>>,
    event: Option<Cow<'a, str>>,
    payload: Option<Part<'a>>,
    data: Option<Part<'a>>,
    error: Option<Part<'a>>,
    context: Option<Part<'a>>,
    /// The deadline of a context that says nothing else, in milliseconds from now.
    time_left: Option<u64>,
    success: Option<bool>,
    n: Option<u32>,
}

/// A value inside a frame, still in the frame's codec.
#[derive(Clone)]
enum Part<'a> {
    /// A slice of the frame.
    Slice(&'a [u8]),
    /// The same, with the rest of a JSON frame behind it.
    Followed(&'a [u8]),
    /// What had to be taken out of it.
    Own(Bytes),
}

impl Part<'_> {
    fn value(&self, frame: &Bytes) -> Value {
        let bytes = match self {
            Self::Slice(slice) | Self::Followed(slice) => frame.slice_ref(slice),
            Self::Own(bytes) => bytes.clone(),
        };
        Value { bytes, followed: matches!(self, Self::Followed(_)) }
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Slice(slice) | Self::Followed(slice) => slice,
            Self::Own(bytes) => bytes,
        }
    }
}

impl<'a> Fields<'a> {
    fn into_incoming(self, codec: &Codec, frame: &Bytes) -> Result<Incoming<'a>, String> {
        let value = |part: Option<&Part<'a>>, absent: fn(&Codec) -> Result<Bytes, String>| {
            let absent = || absent(codec).map(|bytes| Value { bytes, followed: false });
            part.map_or_else(absent, |part| Ok(part.value(frame)))
        };
        let context = |part: Option<&Part<'a>>| match self.time_left {
            Some(millis) => Ok(Context::with_time_left(millis)),
            None => read_context(codec, part),
        };
        let id = || self.request_id.clone().ok_or_else(|| missing("requestId"));
        match self.kind.as_deref() {
            Some("request") => Ok(Incoming::Request {
                id: id()?,
                name: self.request_type.clone().ok_or_else(|| missing("requestType"))?,
                payload: value(self.payload.as_ref(), empty)?,
                context: context(self.context.as_ref())?,
            }),
            Some("response") => Ok(Incoming::Response {
                id: id()?,
                result: match self.success {
                    Some(true) => Ok(value(self.data.as_ref(), null)?),
                    Some(false) => Err(read_error(codec, self.error.as_ref())?),
                    None => return Err(missing("success")),
                },
            }),
            Some("event") => Ok(Incoming::Event {
                name: self.event.clone().ok_or_else(|| missing("event"))?,
                payload: value(self.payload.as_ref(), empty)?,
                context: context(self.context.as_ref())?,
            }),
            Some("item") => {
                Ok(Incoming::Item { id: id()?, data: value(self.data.as_ref(), null)? })
            }
            Some("credit") => {
                Ok(Incoming::Credit { id: id()?, n: self.n.ok_or_else(|| missing("n"))? })
            }
            Some("cancel") => Ok(Incoming::Cancel { id: id()? }),
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                Err(format!("no frame has the type `{other}`"))
            }
            None => Err(missing("type")),
        }
    }
}

fn missing(field: &str) -> String {
    format!("the frame has no `{field}`")
}

fn read_error(codec: &Codec, error: Option<&Part<'_>>) -> Result<WireError, String> {
    let error = error.ok_or_else(|| missing("error"))?;
    codec
        .decode(error.as_slice())
        .map_err(|error| format!("the error is not as it should be: {error}"))
}

fn read_context(codec: &Codec, context: Option<&Part<'_>>) -> Result<Context, String> {
    let Some(context) = context else { return Ok(Context::new()) };
    match codec.decode(context.as_slice()) {
        Ok(context) => Ok(Context::from_wire(context)),
        Err(error) => Err(format!("the context is not as it should be: {error}")),
    }
}

/// The payload of a message that was sent without one.
fn empty(codec: &Codec) -> Result<Bytes, String> {
    static JSON: &[u8] = b"{}";
    static MESSAGE_PACK: &[u8] = &[0x80];
    known(codec, JSON, MESSAGE_PACK, &serde_json::Map::new())
}

/// The data of an answer that has none.
fn null(codec: &Codec) -> Result<Bytes, String> {
    static JSON: &[u8] = b"null";
    static MESSAGE_PACK: &[u8] = &[0xc0];
    known(codec, JSON, MESSAGE_PACK, &())
}

fn known<T: serde::Serialize>(
    codec: &Codec,
    json: &'static [u8],
    message_pack: &'static [u8],
    value: &T,
) -> Result<Bytes, String> {
    if *codec == Codec::JSON {
        Ok(Bytes::from_static(json))
    } else if *codec == Codec::MESSAGE_PACK {
        Ok(Bytes::from_static(message_pack))
    } else {
        codec.encode(value).map_err(|error| error.to_string())
    }
}

/// A request frame.
pub(crate) fn request(
    codec: &Codec,
    id: &str,
    name: &str,
    body: &Body,
    context: &Context,
) -> Result<Bytes, EncodeError> {
    let context = context.travelling();
    compose(codec, 4 + context_fields(&context), |pen| {
        pen.plain("type", "request");
        pen.text("requestId", id);
        pen.text("requestType", name);
        // Before the payload, so that whoever reads it need not look for the payload's end.
        pen.context(&context)?;
        pen.body("payload", body)
    })
}

/// The frame of a reply.
pub(crate) fn reply(codec: &Codec, id: &str, body: &Body) -> Result<Bytes, EncodeError> {
    compose(codec, 4, |pen| {
        pen.plain("type", "response");
        pen.text("requestId", id);
        pen.flag("success", true);
        pen.body("data", body)
    })
}

/// The frame that ends a streamed reply well.
pub(crate) fn end(codec: &Codec, id: &str) -> Result<Bytes, EncodeError> {
    compose(codec, 3, |pen| {
        pen.plain("type", "response");
        pen.text("requestId", id);
        pen.flag("success", true);
        Ok(())
    })
}

/// The frame of a failed request.
pub(crate) fn failure(codec: &Codec, id: &str, error: &WireError) -> Result<Bytes, EncodeError> {
    compose(codec, 4, |pen| {
        pen.plain("type", "response");
        pen.text("requestId", id);
        pen.flag("success", false);
        pen.value("error", error)
    })
}

/// The frame of an event.
pub(crate) fn event(
    codec: &Codec,
    name: &str,
    body: &Body,
    context: &Context,
) -> Result<Bytes, EncodeError> {
    let context = context.travelling();
    compose(codec, 3 + context_fields(&context), |pen| {
        pen.plain("type", "event");
        pen.text("event", name);
        pen.body("payload", body)?;
        pen.context(&context)
    })
}

/// The frame of one item of a streamed reply.
pub(crate) fn item(codec: &Codec, id: &str, body: &Body) -> Result<Bytes, EncodeError> {
    compose(codec, 3, |pen| {
        pen.plain("type", "item");
        pen.text("requestId", id);
        pen.body("data", body)
    })
}

/// The frame that allows `n` more items.
pub(crate) fn credit(codec: &Codec, id: &str, n: u32) -> Result<Bytes, EncodeError> {
    compose(codec, 3, |pen| {
        pen.plain("type", "credit");
        pen.text("requestId", id);
        pen.number("n", n);
        Ok(())
    })
}

/// The frame that gives a request up.
pub(crate) fn cancel(codec: &Codec, id: &str) -> Result<Bytes, EncodeError> {
    compose(codec, 2, |pen| {
        pen.plain("type", "cancel");
        pen.text("requestId", id);
        Ok(())
    })
}

fn context_fields(context: &Travelling) -> usize {
    usize::from(!matches!(context, Travelling::Nothing))
}

fn compose(
    codec: &Codec,
    fields: usize,
    write: impl FnOnce(&mut Pen<'_>) -> Result<(), EncodeError>,
) -> Result<Bytes, EncodeError> {
    scratch(|out| {
        let mut pen = Pen::new(codec, fields, out);
        write(&mut pen)?;
        pen.finish()
    })
}

#[cfg(test)]
mod tests;
