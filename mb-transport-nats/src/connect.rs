//! From settings to a connection with the engine, and what is heard of it later.

use std::{io, sync::Arc, time::Duration};

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event};
use mb_core::{Fault, FaultKind};
use tokio::{sync::watch, time::timeout};

use crate::options::{Identity, Settings, Tls};

/// How many messages may wait for this program in one subscription. One more is dropped by the
/// engine's client, and counted.
const SUBSCRIPTION: usize = 16 * 1024;

/// What has happened to a connection: counts, so that nothing is overlooked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Health {
    /// Times that the connection was lost.
    pub(crate) lost: u64,
    /// Times that it was made again.
    pub(crate) regained: u64,
    /// Messages that were dropped because nobody read them in time.
    pub(crate) dropped: u64,
}

/// A connection with the engine.
pub(crate) struct Engine {
    pub(crate) nats: Client,
    pub(crate) health: watch::Receiver<Health>,
}

/// Who connects: a server goes on for ever, a client's connections are made anew by its runtime.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Connects, in this time.
pub(crate) async fn open(
    settings: &Settings,
    side: Side,
    name: &str,
    limit: Duration,
) -> Result<Engine, Fault> {
    let (told, health) = watch::channel(Health::default());
    let options = options(settings, side, name).await?.connection_timeout(limit);
    let options = options.event_callback(callback(Arc::new(told)));
    let connecting = options.connect(settings.addresses.clone());
    let nats = timeout(limit, connecting).await.map_err(|_| {
        Fault::unavailable(format!("no NATS server let this program in within {limit:?}"))
    })?;
    Ok(Engine { nats: nats.map_err(refused)?, health })
}

fn callback(
    told: Arc<watch::Sender<Health>>,
) -> impl Fn(Event) -> std::future::Ready<()> + Send + Sync + 'static {
    move |event| {
        told.send_if_modified(|health| {
            match event {
                Event::Disconnected | Event::Closed => health.lost += 1,
                Event::Connected => health.regained += 1,
                Event::SlowConsumer(subscription) => {
                    if health.dropped == 0 {
                        tracing::warn!(
                            subscription,
                            "messages are dropped: they are not read in time"
                        );
                    }
                    health.dropped += 1;
                }
                Event::ServerError(ref error) => {
                    tracing::warn!(%error, "the NATS server has something to say");
                    return false;
                }
                _ => return false,
            }
            true
        });
        std::future::ready(())
    }
}

async fn options(settings: &Settings, side: Side, name: &str) -> Result<ConnectOptions, Fault> {
    let said = &settings.options;
    let name: String = name.chars().take(100).collect();
    let mut options = ConnectOptions::new().name(name).subscription_capacity(SUBSCRIPTION);
    if side == Side::Client {
        // A lost connection is told, and made again as its user has asked for.
        options = options.max_reconnects(settings.addresses.len());
    }
    options = match &said.identity {
        None => options,
        Some(Identity::User(user, password)) => {
            options.user_and_password(user.clone(), password.0.clone())
        }
        Some(Identity::Token(token)) => options.token(token.0.clone()),
        Some(Identity::Nkey(seed)) => options.nkey(seed.0.clone()),
        Some(Identity::Credentials(path)) => {
            options.credentials_file(path).await.map_err(|error| {
                invalid(format!("`{}` cannot be used: {}", path.display(), error.kind()))
            })?
        }
    };
    if let Some(inbox) = &said.inbox {
        options = options.custom_inbox_prefix(inbox.clone());
    }
    if let Some(roots) = &said.roots {
        options = options.add_root_certificates(roots.clone());
    }
    if let Some((certificate, key)) = &said.certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(match said.tls {
        Tls::AsAsked => options,
        Tls::Required => options.require_tls(true),
        Tls::First => options.require_tls(true).tls_first(),
    })
}

fn refused(error: ConnectError) -> Fault {
    let kind = error.kind();
    match kind {
        ConnectErrorKind::ServerParse | ConnectErrorKind::Dns => {
            Fault::unavailable(format!("the NATS server cannot be found: {error}"))
        }
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            let reason = "the NATS server does not accept what this program logs in with";
            Fault::new(FaultKind::Forbidden, reason).with_source(error)
        }
        ConnectErrorKind::Tls => {
            Fault::unavailable(format!("the TLS handshake with the NATS server failed: {error}"))
                .with_retryable(false)
        }
        _ if is_refused(&error) => {
            Fault::unavailable("no NATS server listens there (connection refused)")
        }
        _ => Fault::unavailable(format!("the NATS server cannot be reached: {error}")),
    }
}

fn is_refused(error: &ConnectError) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    false
}

pub(crate) fn invalid(reason: String) -> Fault {
    Fault::new(FaultKind::ValidationFailed, reason)
}
