//! Subscribers that only count: the handshake and the frames of RFC 6455 by hand, since a WebSocket
//! library at this end would cost more than the server does at the other.

use std::{
    cell::Cell,
    io::{Error, ErrorKind, Result},
    rc::Rc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::LocalSet,
    time::timeout,
};

use super::super::socket::host;

/// How long a burst may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
const READ: usize = 8 * 1024;

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// Subscribers that share a count.
pub(super) struct Readers {
    tasks: LocalSet,
    counted: Rc<Counted>,
}

#[derive(Default)]
struct Counted {
    events: Cell<usize>,
    /// How many are waited for.
    wanted: Cell<usize>,
    reached: Notify,
}

impl Readers {
    /// Connects them all, and starts counting frames whose text contains `event`.
    pub(super) async fn connect(
        readers: usize,
        address: &str,
        event: &'static str,
    ) -> Result<Self> {
        let (tasks, counted) = (LocalSet::new(), Rc::<Counted>::default());
        for _ in 0..readers {
            let (stream, read) = shake_hands(address).await?;
            tasks.spawn_local(count(stream, read, event, Rc::clone(&counted)));
        }
        Ok(Self { tasks, counted })
    }

    /// Reads until so many more events have arrived.
    pub(super) async fn read(&self, events: usize) -> Result<()> {
        let counted = &self.counted;
        counted.wanted.set(counted.wanted.get() + events);
        let all = self.tasks.run_until(async {
            while counted.events.get() < counted.wanted.get() {
                counted.reached.notified().await;
            }
        });
        // Runs out where some are missing.
        let _ = timeout(PATIENCE, all).await;
        let (arrived, wanted) = (counted.events.get(), counted.wanted.get());
        if arrived == wanted {
            return Ok(());
        }
        Err(Error::other(format!("{arrived} events have arrived, of {wanted}")))
    }
}

/// Opens a WebSocket, and answers with what was read past the handshake.
async fn shake_hands(address: &str) -> Result<(TcpStream, Vec<u8>)> {
    const END: &[u8] = b"\r\n\r\n";
    let host = host(address);
    let path = address.split_once(host).map_or("", |(_, path)| path);
    let path = if path.is_empty() { "/" } else { path };
    let mut stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(READ);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = read.windows(END.len()).position(|window| window == END) {
            let head = read.drain(..end + END.len()).collect::<Vec<u8>>();
            if head.starts_with(b"HTTP/1.1 101") {
                return Ok((stream, read));
            }
            return Err(Error::other(String::from_utf8_lossy(&head)));
        }
    }
}

/// Counts until the server closes.
async fn count(
    mut stream: TcpStream,
    mut read: Vec<u8>,
    event: &str,
    counted: Rc<Counted>,
) -> Result<()> {
    loop {
        let mut rest = read.as_slice();
        let mut events = 0;
        while let Some((kind, body, after)) = frame(rest) {
            match kind {
                TEXT if str::from_utf8(body).is_ok_and(|text| text.contains(event)) => events += 1,
                // Masked with zeroes; the body of a ping is at most 125 bytes.
                PING => {
                    let pong = [&[0x8a, 0x80 | body.len() as u8, 0, 0, 0, 0], body].concat();
                    stream.write_all(&pong).await?;
                }
                _ => {}
            }
            rest = after;
        }
        let consumed = read.len() - rest.len();
        read.drain(..consumed);
        counted.events.set(counted.events.get() + events);
        if events > 0 && counted.events.get() >= counted.wanted.get() {
            counted.reached.notify_one();
        }
        read.reserve(READ);
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// The first byte and the body of the first frame, if all of it is here, and what comes after it.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match length {
        126 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))?,
        127 => {
            rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?
        }
        short => (u64::from(short), rest),
    };
    let (body, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((kind, body, after))
}
