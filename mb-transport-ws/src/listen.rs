//! The server: a listener whose connections are handed to the [`Host`].
//!
//! A handshake runs in a task of its own and within the time that the host's limits allow, so that
//! nobody can hold up anybody else; there is a bound on how many run at once. The listener ends
//! when its [`Binding`] is closed or dropped, and with it the handshakes under way. Connections
//! that are open belong to the host.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::select;
use mb_core::{BindError, Binding, Endpoint, Host, codec_option};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

use crate::{
    WebSocket,
    close::Side,
    handshake::{self, Rules},
    options,
    socket::{self, Io},
};

/// How many handshakes run at once. Further clients wait in the operating system's queue.
const HANDSHAKES: usize = 1024;

/// How long to wait when the operating system has no more connections to give.
const BREATHER: Duration = Duration::from_millis(100);

/// Listens on an endpoint.
pub(crate) async fn bind(
    transport: &WebSocket,
    endpoint: &Endpoint,
    host: Arc<dyn Host>,
) -> Result<Box<dyn Binding>, BindError> {
    let invalid = |reason: String| BindError::Invalid { endpoint: endpoint.clone(), reason };
    let is_tls = options::is_tls(endpoint);
    options::check(endpoint, options::of_server(is_tls)).map_err(invalid)?;
    let rules = rules(transport, endpoint, &*host).map_err(invalid)?;
    let (name, port) = options::address(endpoint).map_err(invalid)?;
    #[cfg(feature = "tls")]
    let tls = match transport.server_tls.with_options(endpoint).map_err(invalid)? {
        files if is_tls => Some(files.acceptor().await.map_err(invalid)?),
        _ => None,
    };
    #[cfg(not(feature = "tls"))]
    if is_tls {
        return Err(invalid("this program was built without the feature `tls`".to_owned()));
    }
    let listener =
        TcpListener::bind((&*name, port)).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { endpoint: endpoint.clone() },
            _ => BindError::Io { endpoint: endpoint.clone(), source },
        })?;
    let source_of = |source| BindError::Io { endpoint: endpoint.clone(), source };
    let port = listener.local_addr().map_err(source_of)?.port();
    let bound = with_port(endpoint, port).map_err(invalid)?;
    let door = Arc::new(Door {
        host,
        rules,
        path: endpoint.path().to_owned(),
        #[cfg(feature = "tls")]
        tls,
    });
    let (open, closed) = oneshot::channel();
    let task = tokio::spawn(listen(listener, door, closed));
    Ok(Box::new(Bound { endpoint: bound, open: Some(open), task: Some(task) }))
}

/// What clients must keep to: what the builder says and what the connection string says.
fn rules(transport: &WebSocket, endpoint: &Endpoint, host: &dyn Host) -> Result<Rules, String> {
    let forced =
        codec_option(endpoint, host.codecs()).map_err(|fault| fault.message().to_owned())?;
    let codecs = forced.map_or_else(|| host.codecs().to_vec(), |codec| vec![codec]);
    let named = endpoint.options().filter(|(key, _)| *key == "origin").map(|(_, origin)| origin);
    let origins = transport.origins.iter().map(String::as_str).chain(named);
    let origins: Result<_, _> = origins.map(str::parse).collect();
    Ok(Rules { codecs, origins: origins.map_err(|error| format!("{error}"))? })
}

/// The endpoint for clients: with the real port, and of the options only what concerns them.
fn with_port(endpoint: &Endpoint, port: u16) -> Result<Endpoint, String> {
    let (scheme, path) = (endpoint.scheme(), endpoint.path());
    let authority = endpoint.authority();
    let name = authority.rsplit_once(':').map_or(authority, |(name, port)| {
        // The colons of an IPv6 address are within brackets.
        if port.ends_with(']') { authority } else { name }
    });
    let codec = endpoint.options().find(|(key, _)| *key == "codec");
    let codec = codec.map(|(_, codec)| format!("?codec={codec}")).unwrap_or_default();
    let text = format!("{scheme}://{name}:{port}{path}{codec}");
    text.parse().map_err(|error| format!("{error}"))
}

/// What a new connection meets.
struct Door {
    host: Arc<dyn Host>,
    rules: Rules,
    path: String,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Takes connections until `closed`.
async fn listen(listener: TcpListener, door: Arc<Door>, closed: oneshot::Receiver<()>) {
    let mut handshakes = JoinSet::new();
    select(Box::pin(accept(listener, door, &mut handshakes)), closed).await;
    handshakes.shutdown().await;
}

async fn accept(listener: TcpListener, door: Arc<Door>, handshakes: &mut JoinSet<()>) {
    let mut failing = false;
    loop {
        while handshakes.try_join_next().is_some() {}
        if handshakes.len() >= HANDSHAKES {
            handshakes.join_next().await;
            continue;
        }
        match listener.accept().await {
            Ok((tcp, remote)) => {
                failing = false;
                let door = Arc::clone(&door);
                handshakes.spawn(async move {
                    let allowed = door.host.limits().handshake;
                    if timeout(allowed, door.admit(tcp, remote)).await.is_err() {
                        tracing::debug!(%remote, ?allowed, "a handshake took too long");
                    }
                });
            }
            // The one connection is gone; there is nothing wrong with the listener.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of file descriptors, say. Told once, not ten times a second.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "no connection can be accepted; trying again");
                }
                sleep(BREATHER).await;
            }
        }
    }
}

impl Door {
    async fn admit(&self, tcp: TcpStream, remote: SocketAddr) {
        // Frames are flushed when they are to leave. Without it they leave all the same, later.
        let _ = tcp.set_nodelay(true);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            match tls.accept(tcp).await {
                Ok(stream) => self.carry(stream, remote).await,
                Err(error) => tracing::debug!(%remote, %error, "a TLS handshake failed"),
            }
            return;
        }
        self.carry(tcp, remote).await;
    }

    async fn carry<S: Io>(&self, mut stream: S, remote: SocketAddr) {
        let admitted = match handshake::answer(&mut stream, &self.path, &self.rules).await {
            Ok(Some(admitted)) => admitted,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%remote, %error, "a handshake failed");
                return;
            }
        };
        let limits = self.host.limits();
        let config = Some(socket::config(limits));
        let stream = WebSocketStream::from_raw_socket(stream, Role::Server, config).await;
        let remote = remote.to_string();
        let duplex = socket::duplex(stream, Side::Server, admitted.codec, limits, remote);
        Arc::clone(&self.host).carry(duplex);
    }
}

/// An endpoint that is listened on.
struct Bound {
    endpoint: Endpoint,
    /// Its drop ends the listener.
    open: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

#[async_trait]
impl Binding for Bound {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn close(&mut self) {
        self.open = None;
        if let Some(task) = &mut self.task {
            // It can only have been cut short by the end of its runtime.
            let _ = task.await;
            self.task = None;
        }
    }
}
