//! The server's side of the handshake, the same for the own listener and inside an axum app.

use http::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    header::{self, HeaderValue},
};
use mb_core::Codec;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Error,
    error::ProtocolError,
    handshake::server::{create_response_with_body, write_response},
};

use super::{
    head::{self, HeadError},
    subprotocol,
};
use crate::{
    origin::{self, Origin},
    socket::Io,
};

/// What a client must keep to.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The codecs there are.
    pub(crate) codecs: Vec<Codec>,
    /// The web pages that may connect: all where there is none.
    pub(crate) origins: Vec<Origin>,
}

/// A client that is let in.
pub(crate) struct Admitted {
    /// What it is told.
    pub(crate) response: Response<()>,
    /// What it is spoken to in.
    pub(crate) codec: Codec,
}

/// A client that is not let in, and what it is told.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    reason: String,
}

/// Whether a request is let in. Its path is for the caller to look at.
pub(crate) fn admit<T>(request: &Request<T>, rules: &Rules) -> Result<Admitted, Refusal> {
    let mut response = upgrade(request)?;
    if !origin::allows(&rules.origins, request.headers()) {
        return Err(refusal(StatusCode::FORBIDDEN, "pages of this origin may not connect"));
    }
    let (codec, selected) = negotiate(request.headers(), &rules.codecs)?;
    if let Some(selected) = selected {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, selected);
    }
    Ok(Admitted { response, codec })
}

/// Reads a request from a fresh connection and answers it: `None` where it was refused.
pub(crate) async fn answer(
    stream: &mut impl Io,
    path: &str,
    rules: &Rules,
) -> Result<Option<Admitted>, HeadError> {
    let admitted = match head::read::<Request<()>>(stream).await {
        Ok((request, _)) if request.uri().path() != path => {
            Err(refusal(StatusCode::NOT_FOUND, "there is no endpoint of this path"))
        }
        Ok((_, rest)) if !rest.is_empty() => {
            Err(refusal(StatusCode::BAD_REQUEST, "nothing may follow before the answer"))
        }
        Ok((request, _)) => admit(&request, rules),
        Err(HeadError::Malformed(error)) => Err(error.into()),
        Err(HeadError::Encrypted) => {
            Err(refusal(StatusCode::BAD_REQUEST, "TLS is not spoken here"))
        }
        Err(HeadError::TooLong) => {
            Err(refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long"))
        }
        Err(error @ HeadError::Io(_)) => return Err(error),
    };
    let mut written = Vec::with_capacity(256);
    let admitted = match admitted {
        Ok(admitted) => {
            write_response(&mut written, &admitted.response).map_err(HeadError::Malformed)?;
            Some(admitted)
        }
        Err(refusal) => {
            let response = refusal.into_response();
            write_response(&mut written, &response).map_err(HeadError::Malformed)?;
            written.extend_from_slice(response.body().as_bytes());
            None
        }
    };
    stream.write_all(&written).await?;
    stream.flush().await?;
    if admitted.is_none() {
        stream.shutdown().await?;
    }
    Ok(admitted)
}

/// The answer to a request to upgrade. Over HTTP/2 there is nothing to switch (RFC 8441).
fn upgrade<T>(request: &Request<T>) -> Result<Response<()>, Refusal> {
    if request.version() == Version::HTTP_2 && request.method() == Method::CONNECT {
        return Ok(Response::new(()));
    }
    Ok(create_response_with_body(request, || ())?)
}

/// The first subprotocol of the client's that there is; JSON, unsaid, where it names none.
fn negotiate(
    headers: &HeaderMap,
    codecs: &[Codec],
) -> Result<(Codec, Option<HeaderValue>), Refusal> {
    let lists = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut asked = lists
        .iter()
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .peekable();
    let chosen = if asked.peek().is_none() {
        codecs.iter().find(|codec| **codec == Codec::JSON).map(|json| (json.clone(), None))
    } else {
        asked.find_map(|name| {
            let codec = codecs.iter().find(|codec| subprotocol(codec) == name)?;
            Some((codec.clone(), Some(HeaderValue::from_str(name).ok()?)))
        })
    };
    chosen.ok_or_else(|| {
        let known: Vec<_> = codecs.iter().map(subprotocol).collect();
        let reason = format!("no such subprotocol is spoken: there is {}", known.join(", "));
        refusal(StatusCode::BAD_REQUEST, reason)
    })
}

fn refusal(status: StatusCode, reason: impl Into<String>) -> Refusal {
    Refusal { status, reason: reason.into() }
}

/// A request that is no WebSocket handshake.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Protocol(ProtocolError::WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
            Error::Protocol(
                ProtocolError::MissingConnectionUpgradeHeader
                | ProtocolError::MissingUpgradeWebSocketHeader
                | ProtocolError::MissingSecWebSocketVersionHeader,
            ) => StatusCode::UPGRADE_REQUIRED,
            _ => StatusCode::BAD_REQUEST,
        };
        refusal(status, format!("this is a WebSocket endpoint: {error}"))
    }
}

impl Refusal {
    /// The HTTP answer, after which the connection is closed.
    pub(crate) fn into_response(self) -> Response<String> {
        let body = self.reason + "\n";
        let length = HeaderValue::from(body.len());
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(header::CONTENT_LENGTH, length);
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        match self.status {
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                let version = HeaderValue::from_static("13");
                headers.insert(header::SEC_WEBSOCKET_VERSION, version);
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            _ => {}
        }
        response
    }
}
