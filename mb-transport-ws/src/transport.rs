//! The transport itself: what it is told beyond a connection string.

use std::sync::Arc;

use async_trait::async_trait;
use mb_core::{BindError, Binding, Connection, Dial, Endpoint, Fault, Host, Transport};

#[cfg(feature = "tls")]
use crate::tls::{ClientFiles, ServerFiles};
use crate::{connect, listen};

/// The transport of `ws://` and, with the feature `tls`, of `wss://`.
///
/// Files are read when a client connects and when a server binds, so that a renewed certificate
/// needs no new transport. An option in a connection string goes before what was said here.
///
/// ```
/// use mb_core::Transport;
/// use mb_transport_ws::WebSocket;
///
/// let transport = WebSocket::new().allow_origin("https://app.example");
/// assert!(transport.schemes().contains(&"ws"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct WebSocket {
    pub(crate) origins: Vec<String>,
    #[cfg(feature = "tls")]
    pub(crate) client_tls: ClientFiles,
    #[cfg(feature = "tls")]
    pub(crate) server_tls: ServerFiles,
}

impl WebSocket {
    /// A transport that trusts the system's root certificates, and whose servers let pages of every
    /// origin in.
    pub fn new() -> Self {
        Self::default()
    }

    /// For servers: lets web pages of this origin connect, `https://app.example`, and no others but
    /// those named likewise. What is no browser names no origin and is let in: this protects a
    /// browser's user from other pages, and is no login.
    ///
    /// What is not an origin fails the bind, with [`BindError::Invalid`].
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }
}

#[cfg(feature = "tls")]
impl WebSocket {
    /// For clients: the root certificates to trust, instead of the system's. As `?ca=`.
    ///
    /// `path` is a PEM file; one that cannot be used fails to connect with `VALIDATION_FAILED`.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.client_tls.roots = Some(path.into());
        self
    }

    /// For clients: the certificate to show to a server that asks for one. As `?cert=&key=`.
    ///
    /// Both are PEM files, the certificate with its intermediates; what cannot be used fails to
    /// connect with `VALIDATION_FAILED`.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<std::path::PathBuf>,
        key: impl Into<std::path::PathBuf>,
    ) -> Self {
        self.client_tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// For servers: the certificate to show, without which `wss://` cannot be served. As
    /// `?cert=&key=`.
    ///
    /// Both are PEM files, the certificate with its intermediates; what cannot be used fails the
    /// bind with [`BindError::Invalid`].
    #[must_use]
    pub fn server_certificate(
        mut self,
        certificate: impl Into<std::path::PathBuf>,
        key: impl Into<std::path::PathBuf>,
    ) -> Self {
        self.server_tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// For servers: takes only clients that show a certificate signed by one of these roots. As
    /// `?client_ca=`.
    ///
    /// `path` is a PEM file; one that cannot be used fails the bind with [`BindError::Invalid`].
    #[must_use]
    pub fn client_root_certificates(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.server_tls.client_roots = Some(path.into());
        self
    }
}

#[async_trait]
impl Transport for WebSocket {
    fn schemes(&self) -> &'static [&'static str] {
        if cfg!(feature = "tls") { &["ws", "wss"] } else { &["ws"] }
    }

    /// Every fault is `UNAVAILABLE`, retryable where trying again may help, or `VALIDATION_FAILED`
    /// where the connection string or a file is wrong. Takes at most
    /// [`handshake`](mb_core::Limits::handshake).
    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault> {
        connect::connect(self, endpoint, &dial).await
    }

    /// Must be called on a tokio runtime, on which the listener then runs. Port 0 takes any free
    /// port, told by [`Binding::endpoint`]. A connection has
    /// [`handshake`](mb_core::Limits::handshake) to become a WebSocket.
    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError> {
        listen::bind(self, endpoint, host).await
    }
}
