//! A transport of one's own: magicbutton over Unix sockets, `unix://localhost/tmp/orders.sock`.
//! It moves frames; the runtime's session does the rest. `docs/transports.md` walks through it, and
//! `tests/transport_unix.rs` holds it to what every transport promises.
#![cfg(unix)]

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt, stream};
use magicbutton::{Client, Codec, Context, EndReason, Endpoint, Reply, Server, contract};
use mb_core::{
    BindError, Binding, Connection, ConnectionError, Dial, Duplex, Fault, FaultKind, Frame, Host,
    Transport, codec_option,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::bytes::{Buf, Bytes};
use tokio_util::codec::LengthDelimitedCodec;

/// The transport of `unix://`.
pub(crate) struct Unix;

#[async_trait]
impl Transport for Unix {
    fn schemes(&self) -> &'static [&'static str] {
        &["unix"]
    }

    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault> {
        let invalid = |why| Fault::new(FaultKind::ValidationFailed, format!("{endpoint}: {why}"));
        let (path, codec) = options(endpoint, &dial.codecs).map_err(invalid)?;
        let stream = UnixStream::connect(path).await.map_err(|error| {
            Fault::unavailable(format!("{endpoint}: nobody is there: {error}")).with_source(error)
        })?;
        Ok(Connection::Framed(duplex(stream, codec, dial.limits.max_message)))
    }

    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError> {
        let invalid = |reason| BindError::Invalid { endpoint: endpoint.clone(), reason };
        let (path, codec) = options(endpoint, host.codecs()).map_err(invalid)?;
        // The file of a server that is gone stays: whoever listens next takes its place.
        let tried = UnixStream::connect(&path).await;
        if tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            let _ = std::fs::remove_file(&path);
        }
        let listener = UnixListener::bind(&path).map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => BindError::InUse { endpoint: endpoint.clone() },
            _ => BindError::Io { endpoint: endpoint.clone(), source },
        })?;
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                Arc::clone(&host).carry(duplex(stream, codec.clone(), host.limits().max_message));
            }
        });
        Ok(Box::new(Bound { endpoint: endpoint.clone(), listening }))
    }
}

/// The socket's file, and the codec that both sides are told to speak.
fn options(endpoint: &Endpoint, codecs: &[Codec]) -> Result<(PathBuf, Codec), String> {
    if endpoint.authority() != "localhost" || endpoint.user_info().is_some() {
        return Err("write it like `unix://localhost/tmp/orders.sock`".into());
    }
    endpoint.check_options(&["codec"], &[])?;
    let codec = codec_option(endpoint, codecs).map_err(|fault| fault.message().to_owned())?;
    Ok((endpoint.path().into(), codec.unwrap_or(Codec::JSON)))
}

fn duplex(stream: UnixStream, codec: Codec, limit: usize) -> Duplex {
    let (reader, writer) = stream.into_split();
    let frames = |longest| LengthDelimitedCodec::builder().max_frame_length(longest).to_owned();
    let incoming = frames(limit + 1).new_read(reader).map(move |read| match read {
        Ok(bytes) => from_wire(bytes.freeze()),
        Err(e) if e.kind() == ErrorKind::InvalidData => Err(ConnectionError::TooLarge { limit }),
        Err(error) => Err(error.into()),
    });
    let outgoing = frames(u32::MAX as usize).new_write(writer).sink_err_into();
    let outgoing = outgoing.with_flat_map(|frame| stream::iter(to_wire(frame).map(Ok)));
    let (incoming, outgoing) = (Box::pin(incoming), Box::pin(outgoing));
    Duplex { incoming, outgoing, codec, remote: "a process of this machine".into() }
}

/// `None` for pings, which there are none of: the session has heartbeats of its own.
fn to_wire(frame: Frame) -> Option<Bytes> {
    match frame {
        Frame::Data(bytes) => Some([b"d", &*bytes].concat().into()),
        Frame::Close(reason) => Some([b"c", reason.name().as_bytes()].concat().into()),
        _ => None,
    }
}

fn from_wire(mut bytes: Bytes) -> Result<Frame, ConnectionError> {
    match bytes.try_get_u8() {
        Ok(b'd') => Ok(Frame::Data(bytes)),
        Ok(b'c') => Ok(Frame::Close(EndReason::from_name(&String::from_utf8_lossy(&bytes)))),
        _ => Err(ConnectionError::Protocol("frames of that kind are not spoken here".into())),
    }
}

struct Bound {
    endpoint: Endpoint,
    listening: JoinSet<()>,
}

#[async_trait]
impl Binding for Bound {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn close(&mut self) {
        self.listening.shutdown().await;
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod greeter {
        #[request]
        async fn hello(name: String) -> String;
    }
);

struct Greeter;

impl greeter::Service for Greeter {
    async fn hello(&self, _: &Context, name: String) -> Reply<String> {
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let at = format!("unix://localhost/tmp/hello-{}.sock?codec=msgpack", std::process::id());
    let server = Server::builder().transport(Unix).serve(greeter::serve(Greeter));
    let server = server.bind(&at).start().await?;
    let client = Client::builder().transport(Unix).connect(&at).await?;
    let greeter: greeter::Client = client.typed()?;
    println!("{} (over {at})", greeter.hello("World".into()).await?);
    Ok(server.stop().await?)
}
