//! TLS for `wss://`, by rustls with ring. Certificates are always verified: there is no way around
//! it; a private certificate authority is trusted by naming its root.

mod client;
mod explain;
mod pem;
mod server;

use std::{path::PathBuf, sync::Arc};

use mb_core::Endpoint;
use tokio_rustls::rustls::crypto::CryptoProvider;

pub(crate) use self::{client::ClientFiles, explain::explain, server::ServerFiles};
use crate::options;

/// The files of a certificate chain and of its private key.
type Identity = (PathBuf, PathBuf);

/// What a handshake may agree on within TLS: HTTP/1.1, which is what a WebSocket begins as.
const PROTOCOL: &[u8] = b"http/1.1";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(tokio_rustls::rustls::crypto::ring::default_provider())
}

/// Runs what reads files where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err("reading its certificates was cut short".to_owned()))
}

/// `cert` and `key`, which belong together.
fn identity(endpoint: &Endpoint) -> Result<Option<Identity>, String> {
    match (options::value(endpoint, "cert"), options::value(endpoint, "key")) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err("`cert` needs `key`, the file of its private key".to_owned()),
        (None, Some(_)) => Err("`key` needs `cert`, the file of its certificate".to_owned()),
    }
}
