//! What is measured: anything that can be called, in process or over a wire. The two differ only in
//! which runtimes they call on, and in how long one sample takes.

use std::{hint::black_box, rc::Rc, time::Instant};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::runtime::Runtime;

use super::{Round, quantile};

const SAMPLES: usize = 300;
/// A call in process is too short to be timed by itself.
const CALLS_PER_SAMPLE: usize = 64;
const IN_FLIGHT: usize = 64;
const CALLS_PER_LANE: usize = 500;
const COUNTED_CALLS: usize = 10_000;

/// Something that can be called.
pub(crate) struct Subject {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) round: Box<dyn Fn() -> Round>,
    /// Where they can be counted: on one thread.
    pub(super) allocations: Option<Box<dyn Fn() -> f64>>,
}

/// What a row is to the others.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// The quickest that a person would write by hand.
    Floor,
    /// A library that ours is measured against.
    Peer,
    Other,
}

impl Subject {
    /// A subject whose calls run on this one-thread runtime. `call` makes one call, and hands back
    /// the reply.
    pub(crate) fn new<F, Fut>(name: &'static str, runtime: Runtime, call: F) -> Self
    where
        F: Fn() -> Fut + 'static,
        Fut: Future + 'static,
    {
        let runtime = Rc::new(runtime);
        let call = Rc::new(call);
        let (on, calls) = (Rc::clone(&runtime), Rc::clone(&call));
        let round = move || {
            let samples = on.block_on(latencies(&*calls, SAMPLES, CALLS_PER_SAMPLE));
            Round::new(samples, on.block_on(rate64(&*calls)))
        };
        Self::of(name, round, move || allocations(&runtime, &*call))
    }

    /// A subject that makes its rounds, and counts its allocations per call, itself.
    pub(crate) fn of(
        name: &'static str,
        round: impl Fn() -> Round + 'static,
        allocations: impl Fn() -> f64 + 'static,
    ) -> Self {
        Self {
            name,
            role: Role::Other,
            round: Box::new(round),
            allocations: Some(Box::new(allocations)),
        }
    }

    /// Leaves its allocations uncounted, as other threads make some of them.
    pub(crate) fn uncounted(self) -> Self {
        Self { allocations: None, ..self }
    }

    /// Makes this the row that the others are compared with.
    pub(crate) fn floor(self) -> Self {
        Self { role: Role::Floor, ..self }
    }

    /// Makes this a peer.
    pub(crate) fn peer(self) -> Self {
        Self { role: Role::Peer, ..self }
    }
}

impl Round {
    /// A round from its latencies in microseconds, and its calls per second.
    pub(crate) fn new(mut samples: Vec<f64>, rate64: f64) -> Self {
        Self { p50_us: quantile(&mut samples, 0.5), p99_us: quantile(&mut samples, 0.99), rate64 }
    }
}

async fn one_after_another<Fut: Future>(call: &impl Fn() -> Fut, calls: usize) {
    for _ in 0..calls {
        black_box(call().await);
    }
}

/// Microseconds per call, one call after another; a sample is the mean of some calls.
pub(crate) async fn latencies<Fut: Future>(
    call: &impl Fn() -> Fut,
    samples: usize,
    calls_per_sample: usize,
) -> Vec<f64> {
    let mut taken = Vec::with_capacity(samples);
    for _ in 0..samples {
        let start = Instant::now();
        one_after_another(call, calls_per_sample).await;
        taken.push(start.elapsed().as_secs_f64() * 1e6 / calls_per_sample as f64);
    }
    taken
}

/// Calls per second with 64 in flight.
pub(crate) async fn rate64<Fut: Future>(call: &impl Fn() -> Fut) -> f64 {
    let start = Instant::now();
    let lanes = (0..IN_FLIGHT).map(|_| one_after_another(call, CALLS_PER_LANE));
    lanes.collect::<FuturesUnordered<_>>().collect::<()>().await;
    (IN_FLIGHT * CALLS_PER_LANE) as f64 / start.elapsed().as_secs_f64()
}

/// Allocations per call, of everything that runs on this runtime's thread.
pub(crate) fn allocations<Fut: Future>(runtime: &Runtime, call: &impl Fn() -> Fut) -> f64 {
    let counted = allocation_counter::measure(|| {
        runtime.block_on(one_after_another(call, COUNTED_CALLS));
    });
    counted.count_total as f64 / COUNTED_CALLS as f64
}
