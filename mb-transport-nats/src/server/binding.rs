//! From a connection string to a server that is listened to, and back to nothing.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use mb_core::{BindError, Binding, Endpoint, Fault, FaultKind, Host, codec_option};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::{
    bus::Bus,
    driver::Driver,
    station::{Command, Parts, Station},
    subscribe::listen,
};
use crate::{
    connect::{self, Engine, Side},
    durable::prepare,
    options::Settings,
    outbound::tell,
    transport::Nats,
};

/// How many goodbyes may wait for the driver.
const COMMANDS: usize = 1024;

/// How long another server may take to say that it is there.
const WHO: Duration = Duration::from_millis(500);

/// How long the engine may take to confirm that it has heard something.
const CONFIRMED: Duration = Duration::from_secs(5);

/// How long the end may take: the last answers, and the last words.
const ENDED: Duration = Duration::from_secs(8);

/// Listens.
pub(crate) async fn bind(
    transport: &Nats,
    endpoint: &Endpoint,
    host: Arc<dyn Host>,
) -> Result<Box<dyn Binding>, BindError> {
    let refused = |fault: Fault| refused(endpoint, fault);
    let settings = Settings::new(transport, endpoint)
        .map_err(|reason| BindError::Invalid { endpoint: endpoint.clone(), reason })?;
    let codec = codec_option(endpoint, host.codecs()).map_err(refused)?;
    let limit = host.limits().handshake;
    let Engine { nats, health, mut denied } =
        connect::open(&settings, Side::Server, host.id(), limit).await.map_err(refused)?;
    if settings.options.exclusive {
        let who = nats.request(settings.space.system("door.who"), Bytes::new());
        if let Ok(Ok(_)) = timeout(WHO, who).await {
            return Err(BindError::InUse { endpoint: endpoint.clone() });
        }
    }
    let (commands, received) = mpsc::channel(COMMANDS);
    let inbox = connect::inbox(&settings);
    let codecs = match &codec {
        Some(codec) => Arc::from([codec.clone()]),
        None => Arc::clone(host.codecs()),
    };
    let station = Arc::new(Station::new(Parts {
        nats,
        inbox,
        host,
        space: settings.space,
        queue: settings.options.queue,
        codec: codec.unwrap_or(mb_core::Codec::JSON),
        codecs,
        commands,
    }));
    if let Some(jetstream) = &station.jetstream {
        let prepared = prepare(jetstream, &station.space, station.contracts());
        let prepared = tokio::select! {
            biased;
            Some(denied) = denied.recv() => Err(denied.fault()),
            prepared = timeout(CONFIRMED, prepared) => prepared
                .unwrap_or_else(|_| Err(Fault::unavailable("JetStream does not answer"))),
        };
        prepared.map_err(refused)?;
    }
    let intake = listen(&station).await.map_err(refused)?;
    let regained = health.borrow().regained;
    let (waiting, barrier) = (None, None);
    let own = Arc::clone(&station);
    let driver =
        Driver { station: own, intake, commands: received, health, waiting, barrier, regained };
    let task = tokio::spawn(driver.run());
    let bound = Bound { endpoint: endpoint.clone(), station, task: Some(task), open: true };
    tokio::select! {
        // What may not be listened to is told before anything is confirmed, if that is allowed at all.
        biased;
        Some(denied) = denied.recv() => return Err(refused(denied.fault())),
        confirmed = bound.station.confirmed() => if !confirmed {
            let reason = "the NATS server did not confirm what is listened to";
            return Err(refused(Fault::unavailable(reason)));
        },
    }
    if let Ok(denied) = denied.try_recv() {
        return Err(refused(denied.fault()));
    }
    let bus = Arc::new(Bus(Arc::downgrade(&bound.station)));
    bound.station.host.announce_over(bus);
    bound.station.announce();
    Ok(Box::new(bound))
}

fn refused(endpoint: &Endpoint, fault: Fault) -> BindError {
    let endpoint = endpoint.clone();
    match fault.kind() {
        FaultKind::ValidationFailed => {
            BindError::Invalid { endpoint, reason: fault.message().to_owned() }
        }
        _ => BindError::Io { endpoint, source: io::Error::other(fault) },
    }
}

impl Station {
    /// Waits until the engine has done everything that it was told so far, and until everything that
    /// it had sent before is handled.
    async fn confirmed(&self) -> bool {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let mut barrier = self.barrier.subscribe();
        let subject = self.barrier_subject(count);
        tell(&self.nats, subject.into(), None, Bytes::new());
        let reached = barrier.wait_for(|reached| *reached >= count);
        matches!(timeout(CONFIRMED, reached).await, Ok(Ok(_)))
    }
}

/// An endpoint that is listened on.
struct Bound {
    endpoint: Endpoint,
    station: Arc<Station>,
    task: Option<JoinHandle<()>>,
    open: bool,
}

#[async_trait]
impl Binding for Bound {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn close(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let asked = timeout(CONFIRMED, self.station.commands.send(Command::Leave)).await;
        if !asked.is_ok_and(|asked| asked.is_ok()) {
            return;
        }
        // Twice: the first may overtake the command, and so tell of nothing.
        for _ in 0..2 {
            if !self.station.confirmed().await {
                tracing::warn!(endpoint = %self.endpoint, "the NATS server did not confirm the end");
                return;
            }
        }
        // What it was given, and does not know yet whose it is.
        self.station.handing.close();
        if timeout(CONFIRMED, self.station.handing.wait()).await.is_err() {
            tracing::warn!(endpoint = %self.endpoint, "nobody has said in time whose the last messages are");
        }
    }

    async fn end(&mut self) {
        self.station.ending.cancel();
        if let Some(mut task) = self.task.take()
            && timeout(ENDED, &mut task).await.is_err()
        {
            task.abort();
            tracing::warn!(endpoint = %self.endpoint, "the last words were not heard in time");
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // The driver says goodbye to everybody.
        self.station.ending.cancel();
    }
}
