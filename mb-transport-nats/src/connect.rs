//! From settings to a connection with the engine, and what is heard of it later.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerError};
use mb_core::{Endpoint, Fault, FaultKind};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::options::{Identity, Settings, Tls};

/// How many messages may wait for this program in one subscription. One more is dropped by the
/// engine's client, and counted.
pub(crate) const SUBSCRIPTION: usize = 16 * 1024;

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
    pub(crate) denied: mpsc::Receiver<Denied>,
}

/// What the engine does not let this program's user do, with the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    Publish(String),
    Subscribe(String),
}

/// How many of these may wait: more come at most as fast as what is denied is sent.
const DENIED: usize = 1024;

/// What to do where the engine denies something.
pub(crate) const SEE: &str = "see to its permissions, and to `inbox`";

impl Denied {
    /// As the engine says it: `Permissions Violation for Publish to "a.b"`.
    fn read(text: &str) -> Option<Self> {
        let said = text.strip_prefix("Permissions Violation for ")?;
        let subject = said.split('"').nth(1)?.to_owned();
        match said.split(' ').next()? {
            "Publish" => Some(Self::Publish(subject)),
            "Subscription" => Some(Self::Subscribe(subject)),
            _ => None,
        }
    }

    /// As whoever wanted that is told.
    pub(crate) fn fault(&self) -> Fault {
        let reason = match self {
            Self::Publish(subject) => {
                format!("the NATS server lets nobody of this user say {}: {SEE}", shown(subject))
            }
            Self::Subscribe(subject) => {
                format!(
                    "the NATS server lets nobody of this user listen to {}: {SEE}",
                    shown(subject)
                )
            }
        };
        Fault::new(FaultKind::Forbidden, reason)
    }
}

/// A text with subjects, for logs and faults: without what makes an inbox one that nobody guesses.
fn shown(text: &str) -> String {
    let is_secret = |token: &str| token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
    let tokens = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let mut shown = String::with_capacity(text.len());
    for token in tokens {
        let bare = token.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        match token.strip_prefix(bare) {
            Some(rest) if is_secret(bare) => shown.extend(["***", rest]),
            _ => shown.push_str(token),
        }
    }
    shown
}

/// Who connects: a server goes on for ever, a client's connections are made anew by its runtime. What
/// keeps a server from connecting is told with its endpoint anyway.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a> {
    Client(&'a Endpoint),
    Server,
}

/// What the inboxes of one connection begin with. Whoever knows it is taken for that connection, so
/// that it is guessed by nobody, whatever else of its program's ids they have seen: those of the
/// engine's client may follow one another.
pub(crate) fn inbox(settings: &Settings) -> String {
    let prefix = settings.options.inbox.as_deref().unwrap_or("_INBOX");
    format!("{prefix}.{}", uuid::Uuid::new_v4().simple())
}

/// Connects, in this time.
pub(crate) async fn open(
    settings: &Settings,
    side: Side<'_>,
    name: &str,
    limit: Duration,
) -> Result<Engine, Fault> {
    let (told, health) = watch::channel(Health::default());
    let (denying, denied) = mpsc::channel(DENIED);
    let options = options(settings, side, name).await?.connection_timeout(limit);
    let options = options.event_callback(callback(Arc::new(told), denying));
    let connecting = options.connect(settings.addresses.clone());
    let nats = timeout(limit, connecting).await.map_err(|_| {
        Fault::unavailable(format!(
            "{}the NATS server has not let this program in within {limit:?}: is it one, and does it \
             begin with TLS as this program does (`tls`)?",
            at(side)
        ))
    })?;
    Ok(Engine { nats: nats.map_err(|error| refused(side, error))?, health, denied })
}

fn callback(
    told: Arc<watch::Sender<Health>>,
    denying: mpsc::Sender<Denied>,
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
                Event::ServerError(ref said) => {
                    let error = shown(&said.to_string());
                    tracing::warn!(error, "the NATS server has something to say");
                    if let ServerError::Other(text) = said
                        && let Some(denied) = Denied::read(text)
                    {
                        // Full, its caller learns of it by their deadline.
                        let _ = denying.try_send(denied);
                    }
                    return false;
                }
                _ => return false,
            }
            true
        });
        std::future::ready(())
    }
}

async fn options(settings: &Settings, side: Side<'_>, name: &str) -> Result<ConnectOptions, Fault> {
    let said = &settings.options;
    let name: String = name.chars().take(100).collect();
    let mut options = ConnectOptions::new().name(name).subscription_capacity(SUBSCRIPTION);
    // What is sent to is made of tokens here, or has come from the engine.
    options = options.skip_subject_validation(true);
    if let Side::Client(_) = side {
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
            let at = at(side);
            let file = format!("the credentials file `{}`", path.display());
            let text = read(path.clone())
                .await
                .map_err(|error| invalid(format!("{at}{file} cannot be read: {error}")))?;
            options.credentials(&text).map_err(|_| {
                invalid(format!("{at}{file} is none: it holds no user JWT with its seed"))
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

/// What a message begins with.
fn at(side: Side<'_>) -> String {
    match side {
        Side::Client(endpoint) => format!("{endpoint}: "),
        Side::Server => String::new(),
    }
}

fn refused(side: Side<'_>, error: ConnectError) -> Fault {
    let (at, kind) = (at(side), error.kind());
    match kind {
        ConnectErrorKind::ServerParse | ConnectErrorKind::Dns => {
            Fault::unavailable(format!("{at}the NATS server cannot be found: {error}"))
        }
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            let reason = format!(
                "{at}the NATS server does not accept what this program logs in with: see to its user, \
                 token, nkey or credentials file"
            );
            Fault::new(FaultKind::Forbidden, reason).with_source(error)
        }
        _ if let Some(why) = tls(&error) => {
            let reason = format!("{at}there is no TLS with the NATS server: {why} ({error})");
            Fault::unavailable(reason).with_retryable(false)
        }
        _ if is_refused(&error) => Fault::unavailable(format!(
            "{at}no NATS server listens there (connection refused): is it started?"
        )),
        _ => Fault::unavailable(format!("{at}the NATS server cannot be reached: {error}")),
    }
}

/// What a failed handshake means. The engine's client has but words for most of them.
fn tls(error: &ConnectError) -> Option<&'static str> {
    const HINTS: [(&str, &str); 3] = [
        (
            "invalid peer certificate",
            "its certificate is not trusted here, or is for another host: `ca` names an authority of \
             one's own",
        ),
        (
            "received fatal alert",
            "it asks for a certificate that it trusts: `cert` and `key` name this side's",
        ),
        ("received corrupt message", "it does not speak TLS there, or later: see to `tls`"),
    ];
    let said = error.to_string();
    let known = HINTS.iter().find(|(words, _)| said.contains(words)).map(|(_, why)| *why);
    let is_tls = matches!(error.kind(), ConnectErrorKind::Tls);
    known.or(is_tls.then_some("see to `ca`, `cert` and `key`"))
}

async fn read(path: PathBuf) -> io::Result<String> {
    let reading = tokio::task::spawn_blocking(move || std::fs::read_to_string(path));
    reading.await.map_err(io::Error::other)?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_is_not_shown() {
        let inbox = "0123456789abcdef0123456789abcdef";
        let said = format!("Permissions Violation for Publish to \"_INBOX.{inbox}.mb_0_1\"");
        let told = "Permissions Violation for Publish to \"_INBOX.***.mb_0_1\"";
        assert_eq!(shown(&said), told);
        assert_eq!(shown(inbox), "***");
        for plain in ["", "mb.orders.v1.evt.x", "ä.ö", "a..b"] {
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn what_the_engine_denies_is_read() {
        let read = |text: &str| Denied::read(text);
        let subject = || "mb.a".to_owned();
        let said = "Permissions Violation for Publish to \"mb.a\"";
        assert_eq!(read(said), Some(Denied::Publish(subject())));
        let said = "Permissions Violation for Subscription to \"mb.a\" using queue \"q\"";
        assert_eq!(read(said), Some(Denied::Subscribe(subject())));
        for said in ["", "Permissions Violation for ", "Permissions Violation for Publish to x"] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
