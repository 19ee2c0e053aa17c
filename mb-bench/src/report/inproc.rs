//! Calls within one process: the ratio that counts is the one of the latencies.

use serde_json::json;

use super::{beside_peers, count, times};
use crate::measure::Row;

/// A table with bars for the latency, or one object per line.
pub(crate) fn print(group: &str, what: &str, rows: &[Row], as_json: bool) {
    if as_json { lines(group, rows) } else { table(what, rows) }
}

fn table(what: &str, rows: &[Row]) {
    println!("\n{what}: medians of interleaved rounds\n");
    println!(
        "{:<22} {:>8} {:>8} {:>7} {:>11} {:>7} {:>9} {:>9}",
        "", "p50 us", "p99 us", "spread", "calls/s x64", "allocs", "p50/floor", "p50/peer"
    );
    let slowest = rows.iter().map(|row| row.p50_us).fold(f64::MIN, f64::max);
    for row in rows {
        let bar = "#".repeat((row.p50_us / slowest * 30.0).round() as usize);
        println!(
            "{:<22} {:>8.3} {:>8.3} {:>6.0}% {:>11.0} {:>7} {:>9} {:>9}  {bar}",
            row.name,
            row.p50_us,
            row.p99_us,
            row.p50_spread * 100.0,
            row.rate64,
            count(row.allocs),
            times(row.p50_vs_floor),
            times(row.p50_vs_peer),
        );
    }
    beside_peers(rows);
}

fn lines(group: &str, rows: &[Row]) {
    for row in rows {
        let object = json!({
            "group": group,
            "name": row.name,
            "p50_us": row.p50_us,
            "p99_us": row.p99_us,
            "rate64": row.rate64,
            "allocs": row.allocs,
            "vs_floor": row.p50_vs_floor,
            "vs_best_peer": row.p50_vs_peer,
        });
        println!("{object}");
    }
}
