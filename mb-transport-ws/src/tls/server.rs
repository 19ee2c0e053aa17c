//! What a server shows, and what it asks of its clients.

use std::{path::PathBuf, sync::Arc};

use mb_core::Endpoint;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, server::WebPkiClientVerifier},
};

use super::{Identity, PROTOCOL, blocking, identity, pem, provider};
use crate::options;

/// The files of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerFiles {
    /// What to show: nothing can be served without it.
    pub(crate) identity: Option<Identity>,
    /// The roots that must have signed a client's certificate. Without it, none is asked for.
    pub(crate) client_roots: Option<PathBuf>,
}

impl ServerFiles {
    /// These files, but for those that the connection string names.
    pub(crate) fn with_options(&self, endpoint: &Endpoint) -> Result<Self, String> {
        let client_roots = options::value(endpoint, "client_ca").map(PathBuf::from);
        Ok(Self {
            identity: identity(endpoint)?.or_else(|| self.identity.clone()),
            client_roots: client_roots.or_else(|| self.client_roots.clone()),
        })
    }

    /// Reads the files.
    pub(crate) async fn acceptor(self) -> Result<TlsAcceptor, String> {
        blocking(move || self.read()).await
    }

    fn read(&self) -> Result<TlsAcceptor, String> {
        let Some((certificate, key)) = &self.identity else {
            let reason = "wss needs a certificate: name its PEM files with `?cert=` and `key=`";
            return Err(reason.to_owned());
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match &self.client_roots {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = Arc::new(pem::roots(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                builder.with_client_cert_verifier(
                    verifier.build().map_err(|error| format!("`{}`: {error}", path.display()))?,
                )
            }
        };
        let mut config = builder
            .with_single_cert(pem::certificates(certificate)?, pem::key(key)?)
            .map_err(|error| {
                let (certificate, key) = (certificate.display(), key.display());
                format!("`{certificate}` and `{key}` cannot be used together: {error}")
            })?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
