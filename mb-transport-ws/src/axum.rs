//! The endpoint as a route of an [axum](https://docs.rs/axum) app, next to routes of the app's own. The rules
//! are those of the own listener, and so are the limits.
//!
//! The path is the route's; TLS is what the app is served with. To have clients' addresses in the
//! log, serve the app with `into_make_service_with_connect_info::<SocketAddr>()`.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
    routing::{MethodRouter, any},
};
use hyper_util::rt::TokioIo;
use mb_core::Host;
use tokio::time::timeout;
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

use crate::{
    OriginError, WebSocket,
    close::Side,
    handshake::{Admitted, Rules, admit},
    socket,
};

/// A route on which clients of `host` connect. Pages of every origin are let in; see
/// [`endpoint_with`] for an allow-list.
pub fn endpoint<S>(host: Arc<dyn Host>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route(host, Vec::new())
}

/// As [`endpoint`], with the [origins](WebSocket::allow_origin) of `transport`. What it says about
/// TLS is not looked at.
///
/// # Errors
/// One of the origins is none.
pub fn endpoint_with<S>(
    transport: &WebSocket,
    host: Arc<dyn Host>,
) -> Result<MethodRouter<S>, OriginError>
where
    S: Clone + Send + Sync + 'static,
{
    let origins: Result<_, _> = transport.origins.iter().map(|origin| origin.parse()).collect();
    Ok(route(host, origins?))
}

fn route<S>(host: Arc<dyn Host>, origins: Vec<crate::origin::Origin>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let rules = Arc::new(Rules { codecs: host.codecs().to_vec(), origins });
    any(move |request: Request| {
        let answered = answer(request, &rules, &host);
        std::future::ready(answered)
    })
}

/// Answers a request; one that is let in becomes a connection once its answer has left.
fn answer(mut request: Request, rules: &Rules, host: &Arc<dyn Host>) -> Response {
    let Admitted { response, codec } = match admit(&request, rules) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response().map(Body::from),
    };
    let remote = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let remote = remote.map_or_else(|| "unknown address".to_owned(), |info| info.0.to_string());
    let upgrade = hyper::upgrade::on(&mut request);
    let host = Arc::clone(host);
    tokio::spawn(async move {
        let limits = Arc::clone(host.limits());
        let upgraded = match timeout(limits.handshake, upgrade).await {
            Ok(Ok(upgraded)) => TokioIo::new(upgraded),
            Ok(Err(error)) => {
                tracing::debug!(%remote, %error, "a connection was not upgraded");
                return;
            }
            Err(_) => {
                tracing::debug!(%remote, allowed = ?limits.handshake, "an upgrade took too long");
                return;
            }
        };
        let config = Some(socket::config(&limits));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Server, config).await;
        host.carry(socket::duplex(stream, Side::Server, codec, &limits, remote));
    });
    response.map(|()| Body::empty())
}
