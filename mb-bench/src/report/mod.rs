//! What was measured, for people and for programs: a table, or one JSON object per row. The keys
//! `group, name, p50_us, p99_us, rate64, allocs, vs_floor, vs_best_peer` are those of every group.

pub(crate) mod compile;
pub(crate) mod connections;
pub(crate) mod fanout;
pub(crate) mod inproc;
pub(crate) mod ws;

/// A ratio, where there is one.
fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}x"))
}
