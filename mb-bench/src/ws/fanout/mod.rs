//! One event to a thousand subscribers. The server has a thread; all subscribers share another, and
//! are as cheap as they can be, so that what is measured is the server.

mod floor;
mod reader;

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, sync::mpsc};

use super::thread;
use crate::{
    measure::{ROUNDS, chosen},
    report::fanout::FanoutRow,
};
use reader::Readers;

pub(super) use floor::Floor;

pub(super) const SUBSCRIBERS: usize = 1_000;
const BURSTS: usize = 4;
/// Events that are published at once; the next burst waits until all have arrived, because no
/// server keeps without bound what its subscribers have not read.
const BURST: usize = 50;

/// A server that tells its subscribers.
pub(crate) trait Broadcast: Copy + Send + 'static {
    /// The event as its frames name it: what else a server sends is not counted.
    const EVENT: &str;
    /// What publishes, and keeps the server alive.
    type Server: 'static;

    /// Starts a server in the background of this runtime, and says where subscribers connect: with
    /// nothing but a WebSocket handshake, after which every event must reach them as a text frame.
    async fn serve(self) -> io::Result<(String, Self::Server)>;

    /// Publishes one event to all.
    async fn publish(server: &Self::Server) -> io::Result<()>;
}

/// One row, ready to be measured.
pub(crate) struct Subject {
    name: &'static str,
    runtime: Runtime,
    readers: Readers,
    /// Tells the server to publish a burst.
    burst: mpsc::UnboundedSender<()>,
}

/// The row of a server.
pub(crate) fn subject<B: Broadcast>(name: &'static str, server: B) -> io::Result<Subject> {
    let (burst, mut bursts) = mpsc::unbounded_channel();
    let publishing = move |runtime: &Runtime, server: &B::Server| {
        allocation_counter::opt_out(|| {
            runtime.block_on(async {
                while bursts.recv().await.is_some() {
                    for _ in 0..BURST {
                        // What is not published does not arrive, and is missed there.
                        let _ = B::publish(server).await;
                    }
                }
            });
        });
    };
    let (address, _) = thread::serve(move || server.serve(), publishing)?;
    let runtime = thread::runtime()?;
    let readers = runtime.block_on(async {
        let readers = Readers::connect(SUBSCRIBERS, &address, B::EVENT).await?;
        // The server may not have registered the last of them yet.
        tokio::time::sleep(Duration::from_millis(200)).await;
        io::Result::Ok(readers)
    })?;
    Ok(Subject { name, runtime, readers, burst })
}

impl Subject {
    /// Messages delivered per second.
    fn round(&self) -> io::Result<f64> {
        let start = Instant::now();
        for _ in 0..BURSTS {
            self.burst.send(()).map_err(io::Error::other)?;
            self.runtime.block_on(self.readers.read(BURST * SUBSCRIBERS))?;
        }
        Ok((BURSTS * BURST * SUBSCRIBERS) as f64 / start.elapsed().as_secs_f64())
    }
}

/// Measures all rows in turn, or one of them; the first is the floor.
pub(crate) fn measure(subjects: &[Subject], only: Option<&str>) -> io::Result<Vec<FanoutRow>> {
    let mut rounds: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    for number in 0..=ROUNDS {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            if !chosen(subject.name, only) {
                continue;
            }
            let rate = subject.round().map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", subject.name))
            })?;
            // The first round warms up.
            if number > 0 {
                rounds.push(rate);
            }
        }
    }
    let floor = rounds.first().filter(|rounds| !rounds.is_empty()).map(Vec::as_slice);
    let rows = subjects.iter().zip(&rounds).filter(|(_, rounds)| !rounds.is_empty());
    Ok(rows.map(|(subject, rounds)| FanoutRow::new(subject.name, rounds, floor)).collect())
}
