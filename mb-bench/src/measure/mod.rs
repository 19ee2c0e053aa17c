//! How a row is measured: rounds of all rows in turn, so that a machine that slows down slows all
//! of them, and medians over the rounds. Nothing is counted while anything is timed.

mod rate;
mod subject;

pub(crate) use rate::{Rate, RateRow, rates};
pub(crate) use subject::{Subject, allocations, latencies, rate64};

use std::io;

use subject::Role;
use tokio::runtime::{Builder, Runtime};

/// Rounds that count; one more comes first.
const ROUNDS: usize = 21;

/// What runs a row.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Threads {
    /// Steady: what is judged.
    One,
    /// A worker for each core, and more noise than difference.
    Many,
}

impl Threads {
    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        let mut builder = match self {
            Self::One => Builder::new_current_thread(),
            Self::Many => Builder::new_multi_thread(),
        };
        builder.enable_all().build()
    }
}

/// One pass over one subject.
pub(crate) struct Round {
    p50_us: f64,
    p99_us: f64,
    rate64: f64,
}

/// What was measured of one subject. Ratios are taken round by round.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Microseconds per call, one call after another.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p50_spread: f64,
    /// Calls per second with 64 in flight.
    pub(crate) rate64: f64,
    pub(crate) rate64_spread: f64,
    /// Allocations per call, those of the payload included.
    pub(crate) allocs: Option<f64>,
    /// `p50_us` as a multiple of the floor's.
    pub(crate) p50_vs_floor: Option<f64>,
    /// `rate64` as a share of the floor's.
    pub(crate) rate64_vs_floor: Option<f64>,
    /// `p50_us` as a multiple of the quickest peer's.
    pub(crate) p50_vs_peer: Option<f64>,
    /// `rate64` as a multiple of that of the peer with the highest.
    pub(crate) rate64_vs_peer: Option<f64>,
    /// Whether it is a peer itself.
    pub(crate) is_peer: bool,
    /// Each peer's name, and this row's `p50_us` and `rate64` as multiples of its.
    pub(crate) vs_peers: Vec<(&'static str, f64, f64)>,
}

/// Measures all rows of a group, or one of them, in turn.
pub(crate) fn group(subjects: &[Subject], only: Option<&str>) -> Vec<Row> {
    let subjects: Vec<&Subject> =
        subjects.iter().filter(|subject| chosen(subject.name, only)).collect();
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
    let all = || subjects.iter().copied().zip(rounds.iter().map(Vec::as_slice));
    let floor = all().find(|(subject, _)| subject.role == Role::Floor).map(|(_, rounds)| rounds);
    let peers: Vec<_> = all().filter(|(subject, _)| subject.role == Role::Peer).collect();
    all().map(|(subject, rounds)| row(subject, rounds, floor, &peers)).collect()
}

/// Whether this row is to be measured.
pub(crate) fn chosen(name: &str, only: Option<&str>) -> bool {
    only.is_none_or(|only| name == only)
}

fn row(
    subject: &Subject,
    rounds: &[Round],
    floor: Option<&[Round]>,
    peers: &[(&Subject, &[Round])],
) -> Row {
    let of = |pick: fn(&Round) -> f64| rounds.iter().map(pick).collect::<Vec<f64>>();
    let against = |others: &[Round], pick: fn(&Round) -> f64| {
        ratio(&of(pick), &others.iter().map(pick).collect::<Vec<f64>>())
    };
    let (p50, rate64) = (|round: &Round| round.p50_us, |round: &Round| round.rate64);
    let vs_peers: Vec<_> = peers
        .iter()
        .map(|(peer, rounds)| (peer.name, against(rounds, p50), against(rounds, rate64)))
        .collect();
    Row {
        name: subject.name,
        p50_us: median(of(p50)),
        p99_us: median(of(|round| round.p99_us)),
        p50_spread: spread(&of(p50)),
        rate64: median(of(rate64)),
        rate64_spread: spread(&of(rate64)),
        allocs: subject.allocations.as_ref().map(|count| count()),
        p50_vs_floor: floor.map(|floor| against(floor, p50)),
        rate64_vs_floor: floor.map(|floor| against(floor, rate64)),
        // The best peer is the one that this row looks worst against.
        p50_vs_peer: vs_peers.iter().map(|(_, p50, _)| *p50).reduce(f64::max),
        rate64_vs_peer: vs_peers.iter().map(|(_, _, rate64)| *rate64).reduce(f64::min),
        is_peer: subject.role == Role::Peer,
        vs_peers,
    }
}

/// The median of what rounds of one row are to the same rounds of another.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
}

/// Half the distance between the lowest and the highest round, as a share of the median.
fn spread(rounds: &[f64]) -> f64 {
    let highest = rounds.iter().copied().fold(f64::MIN, f64::max);
    let lowest = rounds.iter().copied().fold(f64::MAX, f64::min);
    (highest - lowest) / 2.0 / median(rounds.to_vec())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
