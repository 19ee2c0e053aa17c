//! How a row is measured: rounds of all rows in turn, so that a machine that slows down slows all
//! of them, and medians over the rounds. Nothing is counted while anything is timed.

use std::{hint::black_box, rc::Rc, time::Instant};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::runtime::Runtime;

const ROUNDS: usize = 21;
const SAMPLES: usize = 300;
/// A call in process is too short to be timed by itself.
const CALLS_PER_SAMPLE: usize = 64;
const IN_FLIGHT: usize = 64;
const CALLS_PER_LANE: usize = 500;
const COUNTED_CALLS: usize = 10_000;

/// Something that can be called.
pub(crate) struct Subject {
    name: &'static str,
    is_floor: bool,
    round: Box<dyn Fn() -> Round>,
    allocations: Box<dyn Fn() -> f64>,
}

struct Round {
    p50_us: f64,
    p99_us: f64,
    rate64: f64,
}

/// What was measured of one subject.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Microseconds per call, one call after another; a sample is the mean of 64.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Half the distance between the quickest and the slowest round, as a share of the median.
    pub(crate) spread: f64,
    /// Calls per second with 64 in flight.
    pub(crate) rate64: f64,
    /// Allocations per call, those of the payload included.
    pub(crate) allocs: f64,
    /// `p50_us` as a multiple of the floor's, round by round.
    pub(crate) vs_floor: Option<f64>,
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
        let round = move || on.block_on(round(&*calls));
        let allocations = move || {
            let counted = allocation_counter::measure(|| {
                runtime.block_on(one_after_another(&*call, COUNTED_CALLS));
            });
            counted.count_total as f64 / COUNTED_CALLS as f64
        };
        Self { name, is_floor: false, round: Box::new(round), allocations: Box::new(allocations) }
    }

    /// Makes this the row that the others are compared with.
    pub(crate) fn floor(self) -> Self {
        Self { is_floor: true, ..self }
    }
}

async fn one_after_another<Fut: Future>(call: &impl Fn() -> Fut, calls: usize) {
    for _ in 0..calls {
        black_box(call().await);
    }
}

async fn round<Fut: Future>(call: &impl Fn() -> Fut) -> Round {
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let start = Instant::now();
        one_after_another(call, CALLS_PER_SAMPLE).await;
        samples.push(start.elapsed().as_secs_f64() * 1e6 / CALLS_PER_SAMPLE as f64);
    }
    let start = Instant::now();
    let lanes = (0..IN_FLIGHT).map(|_| one_after_another(call, CALLS_PER_LANE));
    lanes.collect::<FuturesUnordered<_>>().collect::<()>().await;
    let rate64 = (IN_FLIGHT * CALLS_PER_LANE) as f64 / start.elapsed().as_secs_f64();
    Round { p50_us: quantile(&mut samples, 0.5), p99_us: quantile(&mut samples, 0.99), rate64 }
}

/// Measures all rows of a group, or one of them, in turn.
pub(crate) fn group(subjects: &[Subject], only: Option<&str>) -> Vec<Row> {
    let subjects: Vec<&Subject> =
        subjects.iter().filter(|subject| only.is_none_or(|only| subject.name == only)).collect();
    let mut rounds: Vec<Vec<Round>> = subjects.iter().map(|_| Vec::new()).collect();
    allocation_counter::opt_out(|| {
        for number in 0..=ROUNDS {
            for (subject, rounds) in subjects.iter().zip(&mut rounds) {
                let round = (subject.round)();
                // The first round warms up.
                if number > 0 {
                    rounds.push(round);
                }
            }
        }
    });
    let floor = subjects.iter().position(|subject| subject.is_floor);
    let floor: Option<Vec<f64>> =
        floor.and_then(|at| rounds.get(at)).map(|r| r.iter().map(|r| r.p50_us).collect());
    subjects
        .iter()
        .zip(&rounds)
        .map(|(subject, rounds)| row(subject, rounds, floor.as_deref()))
        .collect()
}

fn row(subject: &Subject, rounds: &[Round], floor: Option<&[f64]>) -> Row {
    let of = |pick: fn(&Round) -> f64| rounds.iter().map(pick).collect::<Vec<f64>>();
    let p50_us = median(of(|round| round.p50_us));
    let latencies = of(|round| round.p50_us);
    let slowest = latencies.iter().copied().fold(f64::MIN, f64::max);
    let quickest = latencies.iter().copied().fold(f64::MAX, f64::min);
    Row {
        name: subject.name,
        p50_us,
        p99_us: median(of(|round| round.p99_us)),
        spread: (slowest - quickest) / 2.0 / p50_us,
        rate64: median(of(|round| round.rate64)),
        allocs: (subject.allocations)(),
        vs_floor: floor.map(|floor| {
            median(latencies.iter().zip(floor).map(|(ours, floor)| ours / floor).collect())
        }),
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
