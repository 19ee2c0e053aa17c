//! What a client trusts, and what it shows.

use std::{path::PathBuf, sync::Arc};

use mb_core::Endpoint;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore},
};

use super::{Identity, PROTOCOL, blocking, identity, pem, provider};
use crate::options;

/// The files of a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientFiles {
    /// The roots to trust: the system's where there is none.
    pub(crate) roots: Option<PathBuf>,
    /// What to show to a server that asks.
    pub(crate) identity: Option<Identity>,
}

impl ClientFiles {
    /// These files, but for those that the connection string names.
    pub(crate) fn with_options(&self, endpoint: &Endpoint) -> Result<Self, String> {
        let roots = options::value(endpoint, "ca").map(PathBuf::from);
        Ok(Self {
            roots: roots.or_else(|| self.roots.clone()),
            identity: identity(endpoint)?.or_else(|| self.identity.clone()),
        })
    }

    /// Reads the files.
    pub(crate) async fn connector(self) -> Result<TlsConnector, String> {
        blocking(move || self.read()).await
    }

    fn read(&self) -> Result<TlsConnector, String> {
        let roots = match &self.roots {
            Some(path) => pem::roots(path)?,
            None => system_roots()?,
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(pem::certificates(certificate)?, pem::key(key)?)
                .map_err(|error| {
                    let (certificate, key) = (certificate.display(), key.display());
                    format!("`{certificate}` and `{key}` cannot be used together: {error}")
                })?,
        };
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// What the operating system trusts. Single certificates that cannot be used are passed over, as
/// browsers do.
fn system_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why: String = found.errors.iter().map(|error| format!(": {error}")).take(1).collect();
        return Err(format!(
            "this system has no root certificates to trust{why}; name a PEM file with `?ca=`"
        ));
    }
    Ok(roots)
}
