//! What was measured, for people and for programs: a table, or one JSON object per row. The keys
//! `group, name, p50_us, p99_us, rate64, allocs, vs_floor, vs_best_peer` are those of every group.

pub(crate) mod chart;
pub(crate) mod compile;
pub(crate) mod connections;
pub(crate) mod fanout;
pub(crate) mod inproc;
pub(crate) mod ws;

use crate::measure::Row;

/// What our rows are to each peer, in words: calls per second, and latency.
fn beside_peers(rows: &[Row]) {
    for row in rows.iter().filter(|row| row.name.starts_with("magicbutton")) {
        for (peer, p50, rate64) in &row.vs_peers {
            println!("{} beside {peer}: {rate64:.2}x its calls/s, {p50:.2}x its p50", row.name);
        }
    }
}

/// A count, where there is one.
fn count(counted: Option<f64>) -> String {
    counted.map_or_else(String::new, |count| format!("{count:.1}"))
}

/// A ratio, where there is one.
fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}x"))
}
