//! Answers as messages, and back. A reply is its body and nothing else; an error is the wire format's
//! `error` object, with the headers that NATS's own service clients look for.

use async_nats::{HeaderMap, Message, StatusCode};
use bytes::Bytes;
use mb_core::{Answer, AnyError, Body, Codec, Failure, Fault, FaultKind, WireError};

use crate::{
    headers::{self, Headers},
    pen,
};

/// The longest text of an error that is said in a header too, in bytes.
const LONGEST_TEXT: usize = 512;

/// A message that answers.
pub(crate) struct Reply {
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) payload: Bytes,
}

impl Reply {
    /// An answer in this codec, of this many bytes at most.
    pub(crate) fn of(answer: Answer, codec: &Codec, limit: usize) -> Self {
        let body = match answer {
            Ok(body) => body,
            Err(Failure::Declared(error)) => return Self::error(error.to_wire(), limit),
            Err(Failure::Fault(fault)) => return Self::error(fault.to_wire(), limit),
        };
        match pen::payload(&body, codec) {
            Ok(bytes) if bytes.len() <= limit => {
                let mut headers = Headers::default();
                put_codec(&mut headers, codec);
                Self { headers: headers.into_map(), payload: bytes }
            }
            Ok(bytes) => Self::error(too_large("the reply", bytes.len(), limit).to_wire(), limit),
            Err(error) => {
                // What the type says about itself is the server's business.
                tracing::error!(%error, "a reply cannot be written");
                let reason = format!("the reply cannot be written as {}", codec.name());
                Self::error(Fault::new(FaultKind::Internal, reason).to_wire(), limit)
            }
        }
    }

    fn error(error: WireError, limit: usize) -> Self {
        let mut payload = serde_json::to_vec(&error).unwrap_or_default();
        if payload.len() > limit {
            // The code at least gets through.
            let short = WireError { message: String::new(), details: None, ..error.clone() };
            payload = serde_json::to_vec(&short).unwrap_or_default();
        }
        let mut headers = Headers::default();
        headers.put(headers::ERROR, &error.code);
        let text: String = error.message.chars().take(LONGEST_TEXT / 4).collect();
        headers.put(headers::SERVICE_ERROR, &format!("{}: {text}", error.code));
        headers.put_number(headers::SERVICE_ERROR_CODE, u64::from(error.status.unwrap_or(500)));
        Self { headers: headers.into_map(), payload: payload.into() }
    }

    /// A fault of the transport's own.
    pub(crate) fn fault(fault: &Fault) -> Self {
        Self::error(fault.to_wire(), usize::MAX)
    }

    /// No answer, but something about it.
    pub(crate) fn status(status: &str, server: &str) -> Self {
        let mut headers = Headers::default();
        headers.put(headers::STATUS, status);
        headers.put(headers::SERVER, server);
        Self { headers: headers.into_map(), payload: Bytes::new() }
    }

    /// An item of a stream that this server sends.
    pub(crate) fn naming(mut self, server: &str) -> Self {
        let mut headers = Headers::default();
        headers.put(headers::SERVER, server);
        match (&mut self.headers, headers.into_map()) {
            (Some(there), Some(more)) => {
                there.extend_from(more);
                self
            }
            (None, more) => Self { headers: more, ..self },
            (_, None) => self,
        }
    }

    /// What went wrong, if it says so.
    pub(crate) fn error_code(&self) -> Option<&str> {
        headers::get(self.headers.as_ref(), headers::ERROR)
    }
}

trait Extend {
    fn extend_from(&mut self, more: HeaderMap);
}

impl Extend for HeaderMap {
    fn extend_from(&mut self, more: HeaderMap) {
        for (name, values) in more.iter() {
            for value in values {
                self.append(name.clone(), value.clone());
            }
        }
    }
}

/// Names the codec, unless it is what goes without saying.
pub(crate) fn put_codec(headers: &mut Headers, codec: &Codec) {
    if *codec != Codec::JSON {
        headers.put(headers::CODEC, codec.name());
    }
}

/// A message that is larger than whoever is to get it takes.
pub(crate) fn too_large(what: &str, size: usize, limit: usize) -> Fault {
    let reason = format!(
        "{what} takes {size} bytes, {limit} at most get through: send less, or raise \
         `Limits::max_message` on both sides, and `max_payload` of the NATS server"
    );
    let details = serde_json::json!({ "limit": limit, "size": size });
    Fault::new(FaultKind::PayloadTooLarge, reason).with_details(details)
}

/// What an answering message says.
pub(crate) enum Read {
    Answer(Answer),
    /// The end of a stream.
    End,
    /// This server is to be joined first.
    Unknown(String),
    /// Nobody listens where the request went.
    Nobody,
}

/// Reads an answer.
pub(crate) fn read(message: Message, codecs: &[Codec]) -> Read {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Read::Nobody;
    }
    let headers = message.headers.as_ref();
    match headers::get(headers, headers::STATUS) {
        Some(headers::STATUS_END) => return Read::End,
        Some(headers::STATUS_UNKNOWN) => {
            let server = headers::get(headers, headers::SERVER).unwrap_or_default();
            return Read::Unknown(server.to_owned());
        }
        _ => {}
    }
    if let Some(code) = headers::get(headers, headers::ERROR) {
        let error = serde_json::from_slice(&message.payload).unwrap_or_else(|_| WireError {
            code: code.to_owned(),
            message: String::new(),
            details: None,
            status: None,
            retryable: None,
        });
        return Read::Answer(Err(Failure::Declared(AnyError::from(error))));
    }
    Read::Answer(body(headers, message.payload.clone(), codecs).map_err(Failure::Fault))
}

/// A payload, with the codec that its headers name.
pub(crate) fn body(
    headers: Option<&HeaderMap>,
    payload: Bytes,
    codecs: &[Codec],
) -> Result<Body, Fault> {
    let Some(name) = headers::get(headers, headers::CODEC) else {
        return Ok(Body::encoded(Codec::JSON, payload));
    };
    match codecs.iter().find(|codec| codec.name() == name) {
        Some(codec) => Ok(Body::encoded(codec.clone(), payload)),
        None => {
            let name: String = name.chars().take(100).collect();
            let known: Vec<_> = codecs.iter().map(Codec::name).collect();
            let reason = format!("no codec is called `{name}`: there is {}", known.join(", "));
            Err(Fault::new(FaultKind::ValidationFailed, reason))
        }
    }
}
