//! One event to a thousand subscribers. The server has a thread; all subscribers share another, and
//! are as cheap as they can be, so that what is measured is the server.

mod floor;
mod reader;

use std::{io, time::Duration};

use tokio::{runtime::Runtime, sync::mpsc};

use super::thread;
use crate::measure::Rate;
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

/// The row of a server.
pub(crate) fn subject<B: Broadcast>(name: &'static str, server: B) -> io::Result<Rate> {
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
    Ok(Rate::new(name, BURSTS * BURST * SUBSCRIBERS, move || {
        for _ in 0..BURSTS {
            burst.send(()).map_err(io::Error::other)?;
            runtime.block_on(readers.read(BURST * SUBSCRIBERS))?;
        }
        Ok(())
    }))
}
