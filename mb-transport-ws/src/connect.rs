//! The client: from a connection string to a [`Duplex`](mb_core::Duplex).
//!
//! Whatever goes wrong is a fault that names the endpoint, without its password, and says which
//! step failed. Dropping an attempt closes whatever it has opened.

use std::{fmt::Display, future::Future, io, time::Duration};

use http::StatusCode;
use mb_core::{Codec, Connection, Dial, Endpoint, Fault, FaultKind, Limits, codec_option};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};

use crate::{
    WebSocket,
    close::Side,
    handshake::{self, Asking, Refused},
    options,
    socket::{self, Io},
};

/// Connects within the time that the limits allow.
pub(crate) async fn connect(
    transport: &WebSocket,
    endpoint: &Endpoint,
    dial: &Dial,
) -> Result<Connection, Fault> {
    let limits = &*dial.limits;
    let attempt = Attempt::new(endpoint, limits.handshake);
    let is_tls = options::is_tls(endpoint);
    options::check(endpoint, options::of_client(is_tls)).map_err(|why| attempt.invalid(why))?;
    let codec = codec_option(endpoint, &dial.codecs)?
        .or_else(|| dial.codecs.first().cloned())
        .ok_or_else(|| attempt.invalid("there is no codec to speak in"))?;
    let (host, port) = options::address(endpoint).map_err(|why| attempt.invalid(why))?;
    if !is_tls {
        let tcp = attempt.tcp(&host, port).await?;
        let remote = remote(&tcp);
        return attempt.websocket(tcp, codec, limits, remote).await;
    }
    #[cfg(feature = "tls")]
    {
        let connector = attempt.tls_configured(transport).await?;
        let tcp = attempt.tcp(&host, port).await?;
        let remote = remote(&tcp);
        let stream = attempt.tls(connector, host, tcp).await?;
        attempt.websocket(stream, codec, limits, remote).await
    }
    #[cfg(not(feature = "tls"))]
    {
        let _ = transport;
        Err(attempt.invalid("this program was built without the feature `tls`"))
    }
}

fn remote(tcp: &TcpStream) -> String {
    tcp.peer_addr().map_or_else(|_| "unknown address".to_owned(), |address| address.to_string())
}

/// One attempt to connect.
struct Attempt<'a> {
    endpoint: &'a Endpoint,
    allowed: Duration,
    /// `None` where it is beyond what a clock can tell.
    deadline: Option<Instant>,
}

impl<'a> Attempt<'a> {
    fn new(endpoint: &'a Endpoint, allowed: Duration) -> Self {
        Self { endpoint, allowed, deadline: Instant::now().checked_add(allowed) }
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, Fault> {
        let resolved = self.within("resolve its host name", lookup_host((host, port))).await?;
        let addresses: Vec<_> = resolved
            .map_err(|error| {
                self.unavailable(format!("the host name `{host}` cannot be resolved: {error}"))
                    .with_source(error)
            })?
            .collect();
        let tcp = self.within("accept a connection", TcpStream::connect(&*addresses)).await?;
        let tcp = tcp.map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::ConnectionRefused => {
                    "nobody listens there (connection refused): is the server started?".to_owned()
                }
                _ => format!("it cannot be reached: {error}"),
            };
            self.unavailable(what).with_source(error)
        })?;
        // Frames are flushed when they are to leave. Without it they leave all the same, later.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    async fn websocket<S: Io>(
        &self,
        stream: S,
        codec: Codec,
        limits: &Limits,
        remote: String,
    ) -> Result<Connection, Fault> {
        let asking = Asking {
            authority: self.endpoint.authority(),
            path: self.endpoint.path(),
            codec: &codec,
        };
        let asked = handshake::ask(stream, &asking, socket::config(limits));
        let opened = self.within("answer the WebSocket handshake", asked).await?;
        let stream = opened.map_err(|refused| self.refused(refused))?;
        let duplex = socket::duplex(stream, Side::Client, codec, limits, remote);
        Ok(Connection::Framed(duplex))
    }

    fn refused(&self, refused: Refused) -> Fault {
        match refused {
            Refused::Io(error) => self.cut(error),
            Refused::Status { status, .. } => {
                self.unavailable(&refused).with_retryable(is_passing(status))
            }
            Refused::Subprotocol(_) | Refused::NoWebSocket(_) => {
                self.unavailable(refused).with_retryable(false)
            }
        }
    }

    /// The connection ended before it was a WebSocket.
    fn cut(&self, error: io::Error) -> Fault {
        #[cfg(feature = "tls")]
        if let Some(why) = crate::tls::explain(&error) {
            return self.unavailable(why).with_retryable(false).with_source(error);
        }
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it hung up without an answer".to_owned(),
            _ => format!("the connection was lost during the handshake: {error}"),
        };
        self.unavailable(what).with_source(error)
    }

    /// Waits for one step, until the time for all of them is up.
    async fn within<F: Future>(&self, step: &str, future: F) -> Result<F::Output, Fault> {
        let Some(deadline) = self.deadline else { return Ok(future.await) };
        timeout_at(deadline, future)
            .await
            .map_err(|_| self.unavailable(format!("it did not {step} within {:?}", self.allowed)))
    }

    fn unavailable(&self, what: impl Display) -> Fault {
        Fault::unavailable(format!("{}: {what}", self.endpoint))
    }

    fn invalid(&self, why: impl Display) -> Fault {
        Fault::new(FaultKind::ValidationFailed, format!("{}: {why}", self.endpoint))
    }
}

#[cfg(feature = "tls")]
impl Attempt<'_> {
    async fn tls_configured(
        &self,
        transport: &WebSocket,
    ) -> Result<tokio_rustls::TlsConnector, Fault> {
        let files = transport.client_tls.with_options(self.endpoint);
        let files = files.map_err(|why| self.invalid(why))?;
        let configured = self.within("read its certificates", files.connector()).await?;
        configured.map_err(|why| self.invalid(why))
    }

    async fn tls(
        &self,
        connector: tokio_rustls::TlsConnector,
        host: String,
        tcp: TcpStream,
    ) -> Result<impl Io + use<>, Fault> {
        let name = tokio_rustls::rustls::pki_types::ServerName::try_from(host)
            .map_err(|error| self.invalid(error))?;
        let encrypted = self.within("finish the TLS handshake", connector.connect(name, tcp));
        encrypted.await?.map_err(|error| self.cut(error))
    }
}

/// Whether a refusal may pass by itself: the server, or a proxy before it, is busy or starting.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
