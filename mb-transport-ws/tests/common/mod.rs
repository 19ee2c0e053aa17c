//! A server that hands its connections to the test, and clients of every kind.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use mb_core::{
    Binding, Caller, Calling, Codec, Connected, Connection, ContractDescriptor, Dial, Duplex,
    EndReason, Endpoint, Fault, Frame, Hello, Host, Limits, Link, Message, Published, Streaming,
    SubscriptionId, Transport,
};
use mb_transport_ws::WebSocket;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// Longer than anything here takes; only a test that fails waits for it.
pub const GUARD: Duration = Duration::from_secs(10);

/// The result of something that must not take for ever.
pub async fn soon<F: Future>(future: F) -> F::Output {
    timeout(GUARD, future).await.expect("this should have happened by now")
}

/// A host whose connections the test takes with [`Probe::carried`].
pub struct Probe {
    codecs: Arc<[Codec]>,
    limits: Arc<Limits>,
    carry: mpsc::UnboundedSender<Duplex>,
    carried: Mutex<mpsc::UnboundedReceiver<Duplex>>,
}

impl Probe {
    pub fn new() -> Arc<Self> {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Arc<Self> {
        let (carry, carried) = mpsc::unbounded_channel();
        let codecs = Arc::from(Codec::BUILT_IN);
        Arc::new(Self { codecs, limits: Arc::new(limits), carry, carried: Mutex::new(carried) })
    }

    /// The next connection.
    pub async fn carried(&self) -> Duplex {
        soon(async { self.carried.lock().await.recv().await.unwrap() }).await
    }

    pub async fn has_carried_nothing(&self) -> bool {
        self.carried.lock().await.try_recv().is_err()
    }
}

impl Host for Probe {
    fn accept(self: Arc<Self>, _: Hello, _: Arc<dyn Link>) -> Result<Connected, Fault> {
        unreachable!("frames are carried")
    }

    fn carry(self: Arc<Self>, duplex: Duplex) {
        self.carry.send(duplex).unwrap();
    }

    fn codecs(&self) -> &Arc<[Codec]> {
        &self.codecs
    }

    fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    fn id(&self) -> &str {
        "probe"
    }

    fn contracts(&self) -> &[&'static ContractDescriptor] {
        &[]
    }

    fn announce_over(&self, _: Arc<dyn Link>) {}

    fn broadcast(self: Arc<Self>, _: Message) -> BoxFuture<'static, Result<(), Fault>> {
        unreachable!()
    }

    fn send_to(self: Arc<Self>, _: String, _: Message) -> BoxFuture<'static, Result<(), Fault>> {
        unreachable!()
    }

    fn clients(&self) -> Vec<Arc<Caller>> {
        Vec::new()
    }
}

/// What a [`Dial`] asks for and this transport never uses.
struct Nowhere;

impl Link for Nowhere {
    fn call(&self, _: Message) -> Calling {
        unreachable!()
    }
    fn stream(&self, _: Message) -> Streaming {
        unreachable!()
    }
    fn publish(&self, _: &Arc<Message>) -> Published {
        unreachable!()
    }
    fn subscribe(&self, _: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        unreachable!()
    }
    fn unsubscribe(&self, _: SubscriptionId) {}
    fn close(&self, _: EndReason) {}
}

pub fn dial() -> Dial {
    Dial::new(Hello::default(), Arc::new(Nowhere))
}

/// Limits that allow a handshake this long.
pub fn hasty(handshake: Duration) -> Limits {
    let mut limits = Limits::default();
    limits.handshake = handshake;
    limits
}

/// Limits that allow messages this large.
pub fn small(max_message: usize) -> Limits {
    let mut limits = Limits::default();
    limits.max_message = max_message;
    limits
}

pub fn endpoint(text: impl AsRef<str>) -> Endpoint {
    text.as_ref().parse().unwrap()
}

/// Serves `ws://127.0.0.1:<free>/mb`.
pub async fn serve(host: &Arc<Probe>) -> Box<dyn Binding> {
    let host: Arc<dyn Host> = Arc::clone(host) as _;
    WebSocket::new().bind(&endpoint("ws://127.0.0.1:0/mb"), host).await.unwrap()
}

pub async fn connect(to: impl AsRef<str>) -> Result<Duplex, Fault> {
    connect_with(&WebSocket::new(), to, dial()).await
}

pub async fn connect_with(
    transport: &WebSocket,
    to: impl AsRef<str>,
    dial: Dial,
) -> Result<Duplex, Fault> {
    match soon(transport.connect(&endpoint(to), dial)).await? {
        Connection::Framed(duplex) => Ok(duplex),
        Connection::Linked(_) => unreachable!("a WebSocket has frames"),
    }
}

/// The two ends of one connection: the client's and the server's.
pub struct Pair {
    pub client: Duplex,
    pub server: Duplex,
    pub binding: Box<dyn Binding>,
}

pub async fn pair() -> Pair {
    pair_with(Limits::default()).await
}

/// A connection whose two sides have these limits.
pub async fn pair_with(limits: Limits) -> Pair {
    let host = Probe::with(limits.clone());
    let binding = serve(&host).await;
    let mut dial = dial();
    dial.limits = Arc::new(limits);
    let to = binding.endpoint().to_string();
    let client = connect_with(&WebSocket::new(), to, dial).await.unwrap();
    Pair { client, server: host.carried().await, binding }
}

pub fn data(text: &str) -> Frame {
    Frame::Data(text.to_owned().into())
}

pub async fn send(duplex: &mut Duplex, frame: Frame) {
    soon(duplex.outgoing.send(frame)).await.unwrap();
}

/// The next frame that came in order.
pub async fn next(duplex: &mut Duplex) -> Frame {
    soon(duplex.incoming.next()).await.expect("the connection goes on").unwrap()
}

/// A bare TCP connection to a server.
pub async fn tcp(binding: &dyn Binding) -> TcpStream {
    TcpStream::connect(binding.endpoint().authority()).await.unwrap()
}

/// Asks a server over plain HTTP and reads all that it answers, until it hangs up or has upgraded.
pub async fn ask(binding: &dyn Binding, path: &str, headers: &str) -> String {
    let mut tcp = tcp(binding).await;
    shake(&mut tcp, path, headers).await
}

/// A WebSocket handshake by hand, with more headers, and the answer to it.
pub async fn shake(tcp: &mut TcpStream, path: &str, headers: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         {headers}\r\n"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") || !answer.starts_with(b"HTTP/1.1 101") {
        match soon(tcp.read_u8()).await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

/// A client's frame of less than 126 bytes, masked with zeros.
pub fn raw_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// The header of a server's frame and its payload, of less than 126 bytes.
pub async fn read_raw(tcp: &mut TcpStream) -> (u8, Vec<u8>) {
    soon(async {
        let first = tcp.read_u8().await.unwrap();
        let mut payload = vec![0; tcp.read_u8().await.unwrap().into()];
        tcp.read_exact(&mut payload).await.unwrap();
        (first, payload)
    })
    .await
}

/// The code and the text of the close frame that must come next.
pub async fn read_close(tcp: &mut TcpStream) -> (u16, String) {
    let (first, payload) = read_raw(tcp).await;
    assert_eq!(first, 0x88, "a close frame");
    let text = String::from_utf8(payload[2..].to_vec()).unwrap();
    (u16::from_be_bytes([payload[0], payload[1]]), text)
}

/// Waits until the other side has hung up, in order or not.
pub async fn hung_up(tcp: &mut TcpStream) {
    let mut rest = [0; 1024];
    while soon(tcp.read(&mut rest)).await.is_ok_and(|read| read > 0) {}
}

/// Waits until the other side has hung up in order: a reset may cost what was sent before it.
pub async fn hung_up_in_order(tcp: &mut TcpStream) {
    assert_eq!(soon(tcp.read(&mut [0])).await.unwrap(), 0);
}
