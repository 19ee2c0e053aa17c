//! The transport itself: what it is told beyond a connection string.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use mb_core::{BindError, Binding, Connection, Dial, Endpoint, Fault, Host, Transport};

use crate::{
    client,
    options::{Identity, Options, Tls},
    secret::Secret,
    server,
};

/// The transport of `nats://`.
///
/// Files are read when a client connects and when a server binds. An option in a connection string
/// goes before what was said here. What logs in is never shown, not even by `Debug`.
///
/// ```
/// use mb_core::Transport;
/// use mb_transport_nats::Nats;
///
/// let nats = Nats::new().user("ada", "secret").server("nats-2.internal:4222");
/// assert_eq!(nats.schemes(), ["nats"]);
/// assert!(!format!("{nats:?}").contains("secret"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Nats {
    pub(crate) options: Options,
}

impl Nats {
    /// A transport that logs in as nobody and trusts the system's root certificates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs in with a user and a password. As `nats://user:password@host`.
    #[must_use]
    pub fn user(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.identity(Identity::User(user.into(), Secret(password.into())))
    }

    /// Logs in with a token. As `?token=`.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.identity(Identity::Token(Secret(token.into())))
    }

    /// Logs in with an nkey, by its seed. As `?nkey=`.
    #[must_use]
    pub fn nkey(self, seed: impl Into<String>) -> Self {
        self.identity(Identity::Nkey(Secret(seed.into())))
    }

    /// Logs in with a credentials file, a JWT and its seed. As `?creds=`. One that cannot be used
    /// fails to connect with `VALIDATION_FAILED`.
    #[must_use]
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        self.identity(Identity::Credentials(path.into()))
    }

    /// The root certificates to trust, instead of the system's: a PEM file. As `?ca=`.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.roots = Some(path.into());
        self
    }

    /// The certificate to show to a server that asks for one, and its private key: PEM files. As
    /// `?cert=&key=`.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.options.certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Insists on TLS, also where the server does not ask for it. As `?tls=true`.
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.options.tls = Tls::Required;
        self
    }

    /// Begins with TLS, before the server says anything: it is to be set up likewise. As
    /// `?tls=first`.
    #[must_use]
    pub fn tls_first(mut self) -> Self {
        self.options.tls = Tls::First;
        self
    }

    /// Another server of the same cluster, `host:port`. As `?server=`.
    #[must_use]
    pub fn server(mut self, address: impl Into<String>) -> Self {
        self.options.servers.push(address.into());
        self
    }

    /// The prefix of this connection's inboxes, instead of `_INBOX`: what permissions name. As
    /// `?inbox=`.
    #[must_use]
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.inbox = Some(prefix.into());
        self
    }

    /// For servers: the queue group to share requests in. Unless set, all servers of a contract
    /// share them, in a group called like the contract. Two groups each handle every request. As
    /// `?queue=`.
    #[must_use]
    pub fn queue_group(mut self, name: impl Into<String>) -> Self {
        self.options.queue = Some(name.into());
        self
    }

    /// For servers: refuses to start, with [`BindError::InUse`], where another serves under the
    /// same prefix. As `?exclusive=true`.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.options.exclusive = true;
        self
    }

    fn identity(mut self, identity: Identity) -> Self {
        self.options.identity = Some(identity);
        self
    }
}

#[async_trait]
impl Transport for Nats {
    fn schemes(&self) -> &'static [&'static str] {
        &["nats"]
    }

    /// `UNAVAILABLE` where the engine cannot be reached or nobody serves there; `VALIDATION_FAILED`
    /// where the connection string or a file is wrong. Takes at most
    /// [`handshake`](mb_core::Limits::handshake), twice.
    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault> {
        client::connect(self, endpoint, dial).await
    }

    /// Must be called on a tokio runtime, on which it then runs.
    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError> {
        server::bind(self, endpoint, host).await
    }
}
