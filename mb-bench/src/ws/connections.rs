//! Thousands of connections at once, each with a call per second: none may be lost, and an idle one
//! should cost little. The server has a thread of its own, whose heap is what is counted.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use tokio::{
    runtime::Runtime,
    sync::oneshot,
    time::{interval_at, timeout},
};

use super::{open_files, thread, wire::Wire};
use crate::{measure::quantile, report::connections::ConnectionsRow};

/// A call that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// More would overrun the listener's backlog.
const CONNECTING: usize = 64;

/// How many connections, and for how long.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) seconds: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self { connections: 5_000, seconds: 30 }
    }
}

/// Puts the load on a server of its own.
pub(super) fn measure<W: Wire>(
    name: &'static str,
    wire: W,
    load: &Load,
) -> io::Result<ConnectionsRow> {
    open_files(2 * load.connections)?;
    let (connected, all_connected) = oneshot::channel::<()>();
    let (done, all_done) = oneshot::channel::<()>();
    let counting = move |runtime: &Runtime, _: &W::Server| {
        // Both signals also come by their senders being dropped.
        let mut idle = 0;
        let used = allocation_counter::measure(|| {
            let counted = allocation_counter::measure(|| drop(runtime.block_on(all_connected)));
            idle = counted.bytes_current;
            drop(runtime.block_on(all_done));
        });
        (idle, used.bytes_current)
    };
    let (address, server) = thread::serve(move || wire.serve(), counting)?;
    // Dropped last: it holds the clients' ends of the connections.
    let runtime = thread::runtime()?;
    let (clients, taken) = runtime.block_on(async {
        let clients: Vec<W::Client> = stream::iter(0..load.connections)
            .map(|_| wire.connect(&address))
            .buffer_unordered(CONNECTING)
            .try_collect()
            .await?;
        // What opening them has left to do.
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(connected);
        let taken = call_all::<W>(&clients, load).await;
        io::Result::Ok((clients, taken))
    })?;
    drop(done);
    let (idle, used) = thread::finished(server)?;
    drop(clients);

    let failed = taken.iter().filter(|taken| taken.is_none()).count();
    let calls = taken.len();
    let mut taken: Vec<f64> = taken.into_iter().flatten().collect();
    Ok(ConnectionsRow {
        name,
        connections: load.connections,
        calls,
        failed,
        p50_us: quantile(&mut taken, 0.5),
        p99_us: quantile(&mut taken, 0.99),
        max_us: quantile(&mut taken, 1.0),
        idle_bytes: idle as f64 / load.connections as f64,
        used_bytes: used as f64 / load.connections as f64,
    })
}

/// What each call took in microseconds, if it was answered. The calls are spread over the second.
async fn call_all<W: Wire>(clients: &[W::Client], load: &Load) -> Vec<Option<f64>> {
    const SECOND: Duration = Duration::from_secs(1);
    let start = tokio::time::Instant::now();
    let callers = clients.iter().enumerate().map(|(number, client)| async move {
        let offset = SECOND.mul_f64(number as f64 / load.connections as f64);
        let mut ticks = interval_at(start + offset, SECOND);
        let mut taken = Vec::with_capacity(load.seconds);
        for _ in 0..load.seconds {
            ticks.tick().await;
            let start = Instant::now();
            let answered = matches!(timeout(PATIENCE, W::call(client)).await, Ok(Ok(_)));
            taken.push(answered.then(|| start.elapsed().as_secs_f64() * 1e6));
        }
        taken
    });
    join_all(callers).await.into_iter().flatten().collect()
}
