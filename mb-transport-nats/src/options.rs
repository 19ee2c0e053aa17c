//! What a connection string says, beside what was said to the transport. An option that is not known
//! is an error, not a shrug.

use std::path::PathBuf;

use mb_core::Endpoint;

use crate::{secret::Secret, subjects::Space, transport::Nats};

const KNOWN: [&str; 12] = [
    "codec",
    "server",
    "queue",
    "exclusive",
    "inbox",
    "token",
    "nkey",
    "creds",
    "ca",
    "cert",
    "key",
    "tls",
];

/// How to log in to the engine.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    User(String, Secret),
    Token(Secret),
    /// The seed of an nkey.
    Nkey(Secret),
    /// A file with a JWT and its seed.
    Credentials(PathBuf),
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tls {
    /// When the engine asks for it.
    #[default]
    AsAsked,
    Required,
    /// Before the engine says anything.
    First,
}

/// What can be said both in a connection string and to the transport.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) servers: Vec<String>,
    pub(crate) queue: Option<String>,
    pub(crate) exclusive: bool,
    pub(crate) inbox: Option<String>,
    pub(crate) identity: Option<Identity>,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) tls: Tls,
}

/// Everything there is to know before connecting.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) addresses: Vec<String>,
    pub(crate) space: Space,
    pub(crate) options: Options,
}

impl Settings {
    /// What a connection string says goes before what the transport was told.
    pub(crate) fn new(transport: &Nats, endpoint: &Endpoint) -> Result<Self, String> {
        endpoint.check_options(&KNOWN, &["server"])?;
        let mut options = transport.options.clone();
        let (mut certificate, mut key) = (None, None);
        for (name, value) in endpoint.options() {
            match name {
                "server" => options.servers.push(value.to_owned()),
                "queue" => options.queue = Some(value.to_owned()),
                "exclusive" => options.exclusive = truth(name, value)?,
                "inbox" => options.inbox = Some(value.to_owned()),
                "token" => options.identity = Some(Identity::Token(Secret(value.to_owned()))),
                "nkey" => options.identity = Some(Identity::Nkey(Secret(value.to_owned()))),
                "creds" => options.identity = Some(Identity::Credentials(value.into())),
                "ca" => options.roots = Some(value.into()),
                "cert" => certificate = Some(PathBuf::from(value)),
                "key" => key = Some(PathBuf::from(value)),
                "tls" if value == "first" => options.tls = Tls::First,
                "tls" => {
                    options.tls = if truth(name, value)? { Tls::Required } else { Tls::AsAsked };
                }
                // The codec, which is said of requests alone.
                _ => {}
            }
        }
        match (certificate, key) {
            (Some(certificate), Some(key)) => options.certificate = Some((certificate, key)),
            (None, None) => {}
            _ => return Err("`cert` and `key` belong together".to_owned()),
        }
        if let Some(user_info) = endpoint.user_info() {
            options.identity = Some(identity(user_info)?);
        }
        if let Some(inbox) = &options.inbox
            && (inbox.is_empty() || !inbox.split('.').all(is_token))
        {
            return Err("an inbox prefix is tokens of letters, digits, `_` and `-`".to_owned());
        }
        let space = Space::new(endpoint.path())?;
        let first = endpoint.authority().to_owned();
        let addresses = std::iter::once(first).chain(options.servers.iter().cloned());
        let addresses = addresses.map(address).collect::<Result<_, _>>()?;
        Ok(Self { addresses, space, options })
    }
}

/// `host:port` as the engine's client takes it. What else an address may hold is not let through.
fn address(text: String) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        return Err("a server is `host:port`, and what to log in with is said apart".to_owned());
    }
    Ok(text)
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte))
}

fn truth(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{name}` is true or false")),
    }
}

/// `user:password`, or a token alone, as other clients of the engine read it.
fn identity(user_info: &str) -> Result<Identity, String> {
    Ok(match user_info.split_once(':') {
        Some((user, password)) => Identity::User(decoded(user)?, Secret(decoded(password)?)),
        None => Identity::Token(Secret(decoded(user_info)?)),
    })
}

/// With `%40` and the like as what they stand for (RFC 3986).
fn decoded(text: &str) -> Result<String, String> {
    // `+` stands for itself here.
    let text = text.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    match pairs.next() {
        None => Ok(String::new()),
        Some((decoded, _)) if !text.contains(['&', '=']) => Ok(decoded.into_owned()),
        Some(_) => Err("`&` and `=` in a user or password are written `%26` and `%3D`".to_owned()),
    }
}
