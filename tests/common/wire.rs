//! A transport of the tests' own: frames over channels, with latency on virtual time, that can be
//! cut. No socket, so that the clock may stand still.

#![allow(clippy::unwrap_used, reason = "test helpers")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, stream};
use magicbutton::Fault;
use mb_core::{
    BindError, Binding, Codec, Connection, ConnectionError, Dial, Duplex, Endpoint, Frame, Host,
    Transport, codec_option,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Clones share their endpoints.
#[derive(Clone, Default)]
pub struct Wire(Arc<Shared>);

#[derive(Default)]
struct Shared {
    hosts: Mutex<HashMap<String, Arc<dyn Host>>>,
    latency: Mutex<Duration>,
    lines: Mutex<Vec<CancellationToken>>,
    refusing: Mutex<bool>,
    dialed: Mutex<usize>,
}

#[allow(dead_code, reason = "each test file uses the part it needs")]
impl Wire {
    /// How long each frame is on its way.
    pub fn set_latency(&self, latency: Duration) {
        *self.0.latency.lock().unwrap() = latency;
    }

    /// Cuts every connection that there is.
    pub fn cut(&self) {
        self.0.lines.lock().unwrap().drain(..).for_each(|line| line.cancel());
    }

    /// Whether connecting fails from now on.
    pub fn refuse(&self, refuse: bool) {
        *self.0.refusing.lock().unwrap() = refuse;
    }

    /// How often somebody has tried to connect.
    pub fn dialed(&self) -> usize {
        *self.0.dialed.lock().unwrap()
    }
}

#[async_trait::async_trait]
impl Transport for Wire {
    fn schemes(&self) -> &'static [&'static str] {
        &["wire"]
    }

    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault> {
        *self.0.dialed.lock().unwrap() += 1;
        if *self.0.refusing.lock().unwrap() {
            return Err(Fault::unavailable("nobody is there"));
        }
        let codec = codec_option(endpoint, &dial.codecs)?.unwrap_or(Codec::JSON);
        let host = self.0.hosts.lock().unwrap().get(endpoint.authority()).cloned();
        let host = host.ok_or_else(|| Fault::unavailable("nobody is there"))?;
        let latency = *self.0.latency.lock().unwrap();
        let line = CancellationToken::new();
        self.0.lines.lock().unwrap().push(line.clone());
        let (to_server, at_server) = mpsc::unbounded_channel();
        let (to_client, at_client) = mpsc::unbounded_channel();
        host.carry(duplex(to_client, at_server, &codec, latency, line.clone()));
        Ok(Connection::Framed(duplex(to_server, at_client, &codec, latency, line)))
    }

    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError> {
        let name = endpoint.authority().to_owned();
        self.0.hosts.lock().unwrap().insert(name, host);
        Ok(Box::new(Bound { endpoint: endpoint.clone(), wire: self.clone() }))
    }
}

struct Bound {
    endpoint: Endpoint,
    wire: Wire,
}

#[async_trait::async_trait]
impl Binding for Bound {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn close(&mut self) {
        self.wire.0.hosts.lock().unwrap().remove(self.endpoint.authority());
    }
}

type Sent = (Instant, Frame);

fn duplex(
    sender: mpsc::UnboundedSender<Sent>,
    receiver: mpsc::UnboundedReceiver<Sent>,
    codec: &Codec,
    latency: Duration,
    line: CancellationToken,
) -> Duplex {
    let cut = line.clone();
    let arriving = stream::unfold(receiver, |mut receiver| async {
        let (at, frame) = receiver.recv().await?;
        sleep_until(at).await;
        Some((Ok(frame), receiver))
    });
    let lost = stream::once(async { Err(ConnectionError::Lost("cut".into())) });
    let incoming = arriving.take_until(cut.cancelled_owned()).chain(lost);
    let outgoing = futures_util::sink::unfold(sender, move |sender, frame| {
        let cut = line.is_cancelled();
        async move {
            let sent = !cut && sender.send((Instant::now() + latency, frame)).is_ok();
            if sent { Ok(sender) } else { Err(ConnectionError::Lost("cut".into())) }
        }
    });
    Duplex {
        incoming: incoming.boxed(),
        outgoing: Box::pin(outgoing.sink_map_err(|error| error)),
        codec: codec.clone(),
        remote: "the other end".to_owned(),
    }
}
