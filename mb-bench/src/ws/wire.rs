//! One way to carry the call over a socket, and how its calls are measured: the rows of `ws` and of
//! `connections` differ in nothing else.

use std::{future::pending, io, rc::Rc};

use super::thread::{runtime, serve};
use crate::{
    measure::{Round, Subject, Threads, allocations, latencies, rate64},
    payload::Order,
};

const LATENCY_SAMPLES: usize = 2_000;

/// A server and its clients. Both live on one-thread runtimes, so that nothing needs to be `Send`.
pub(crate) trait Wire: Copy + Send + 'static {
    /// What keeps the server alive.
    type Server: 'static;
    /// One connection.
    type Client: 'static;

    /// Starts a server in the background of this runtime, and says where clients reach it.
    async fn serve(self) -> io::Result<(String, Self::Server)>;

    /// Opens a connection, whose tasks live in the background of this runtime.
    async fn connect(self, address: &str) -> io::Result<Self::Client>;

    /// Makes one call with the payload of [`create_order`](crate::payload::create_order).
    async fn call(client: &Self::Client) -> io::Result<Order>;
}

/// The row of a wire. Latency and allocations: client and server on one thread, since two threads
/// would measure how long it takes to wake one. Throughput: the server has a thread of its own.
pub(crate) fn subject<W: Wire>(name: &'static str, wire: W) -> io::Result<Subject> {
    let alone = Rc::new(runtime()?);
    let client = alone.block_on(async {
        let (address, server) = wire.serve().await?;
        // All of these are used until the process ends.
        Box::leak(Box::new(server));
        wire.connect(&address).await
    })?;
    let client: &'static W::Client = Box::leak(Box::new(client));
    let call = move || answered::<W>(client);

    let (address, _) = serve(
        move || wire.serve(),
        |runtime, _| allocation_counter::opt_out(|| runtime.block_on(pending())),
    )?;
    let beside = runtime()?;
    let client: &'static W::Client = Box::leak(Box::new(beside.block_on(wire.connect(&address))?));
    let call_beside = move || answered::<W>(client);

    let on = Rc::clone(&alone);
    let round = move || {
        let samples = on.block_on(latencies(&call, LATENCY_SAMPLES, 1));
        Round::new(samples, beside.block_on(rate64(&call_beside)))
    };
    Ok(Subject::of(name, round, move || allocations(&alone, &call)))
}

/// The row of a wire whose ends share one runtime of many threads.
pub(crate) fn crowded<W: Wire>(name: &'static str, wire: W) -> io::Result<Subject> {
    let runtime = Threads::Many.runtime()?;
    let client = runtime.block_on(async {
        let (address, server) = wire.serve().await?;
        // All of these are used until the process ends.
        Box::leak(Box::new(server));
        wire.connect(&address).await
    })?;
    let client: &'static W::Client = Box::leak(Box::new(client));
    Ok(Subject::new(name, runtime, move || answered::<W>(client)).uncounted())
}

/// A call whose failure must not pass for a quick reply.
async fn answered<W: Wire>(client: &W::Client) -> Order {
    W::call(client).await.expect("a server on loopback answers")
}
