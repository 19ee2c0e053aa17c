//! What stands between a client and a server, and hangs up on them.

use super::*;

/// Where a connection is cut: behind so many units, or in the middle of the one after them. A unit
/// is a frame, or the head of the handshake, in either direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub(super) after: usize,
    pub(super) middle: bool,
}

/// Something between a client and a server that hangs up.
pub(super) struct Proxy {
    pub(super) endpoint: String,
    /// Units that have passed on the first connection.
    pub(super) passed: AtomicUsize,
    /// Connections that were cut.
    pub(super) cuts: AtomicUsize,
    pub(super) was_cut: AtomicBool,
    /// A connection on which nothing passes but the handshake.
    pub(super) mute: Option<usize>,
    /// Told when the client has hung up on that one.
    pub(super) left: Notify,
}

impl Proxy {
    /// `cuts` says where the first connections are cut. All further ones are not.
    pub(super) async fn start(server: &str, cuts: Vec<Cut>) -> Arc<Self> {
        Self::start_with(server, cuts, None).await
    }

    pub(super) async fn start_with(server: &str, cuts: Vec<Cut>, mute: Option<usize>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("ws://{}/desk", listener.local_addr().unwrap());
        let proxy = Arc::new(Self {
            endpoint,
            passed: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
            was_cut: AtomicBool::new(false),
            mute,
            left: Notify::new(),
        });
        let (server, this) = (server.to_owned(), Arc::clone(&proxy));
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let (server, this) = (server.clone(), Arc::clone(&this));
                let cut = cuts.get(number).copied();
                tokio::spawn(async move { this.carry(number, client, &server, cut).await });
            }
        });
        proxy
    }

    async fn carry(&self, number: usize, client: TcpStream, server: &str, cut: Option<Cut>) {
        let server = TcpStream::connect(server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        if self.mute == Some(number) {
            to_server.write_all(&head(&mut from_client).await.unwrap()).await.unwrap();
            to_client.write_all(&head(&mut from_server).await.unwrap()).await.unwrap();
            let _ = tokio::io::copy(&mut from_client, &mut tokio::io::sink()).await;
            self.left.notify_one();
            return;
        }
        let passed = AtomicUsize::new(0);
        let passed = if number == 0 { &self.passed } else { &passed };
        let up = self.pump(from_client, to_server, passed, cut);
        let down = self.pump(from_server, to_client, passed, cut);
        // Whichever way it is cut, both hang up.
        tokio::select! { () = up => {}, () = down => {} }
    }

    async fn pump(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        passed: &AtomicUsize,
        cut: Option<Cut>,
    ) {
        let mut unit = head(&mut from).await;
        while let Ok(bytes) = &unit {
            let number = passed.fetch_add(1, Ordering::SeqCst);
            let here = cut.is_some_and(|cut| number >= cut.after);
            if here && !cut.is_some_and(|cut| cut.middle && number == cut.after) {
                return self.note_cut();
            }
            if here {
                self.note_cut();
                // In the middle: its header may be cut too.
                let half = if number.is_multiple_of(2) { 1 } else { bytes.len() / 2 };
                let _ = to.write_all(&bytes[..half]).await;
                return;
            }
            if to.write_all(bytes).await.is_err() {
                return;
            }
            // Behind the last one that passes it hangs up at once, not when another comes.
            if cut.is_some_and(|cut| !cut.middle && number + 1 == cut.after) {
                return self.note_cut();
            }
            unit = frame(&mut from).await;
        }
    }

    fn note_cut(&self) {
        self.was_cut.store(true, Ordering::SeqCst);
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn was_cut(&self) -> bool {
        self.was_cut.load(Ordering::SeqCst)
    }
}

/// The head of an HTTP message.
async fn head(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    Ok(head)
}

/// One WebSocket frame (RFC 6455, section 5.2).
async fn frame(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 2];
    from.read_exact(&mut frame).await?;
    let (masked, short) = (frame[1] & 0x80 != 0, frame[1] & 0x7f);
    let more = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut length = usize::from(short);
    if more > 0 {
        let mut long = vec![0; more];
        from.read_exact(&mut long).await?;
        length = long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        frame.extend(long);
    }
    let start = frame.len();
    frame.resize(start + length + if masked { 4 } else { 0 }, 0);
    from.read_exact(&mut frame[start..]).await?;
    Ok(frame)
}
