//! Calls over a WebSocket: the ratio that counts is the one of the calls per second, because a
//! single call spends most of its time in the kernel.

use serde_json::json;

use super::{beside_peers, count, times};
use crate::measure::Row;

/// A table with bars for the calls per second, or one object per line.
pub(crate) fn print(group: &str, what: &str, rows: &[Row], as_json: bool) {
    if as_json { lines(group, rows) } else { table(what, rows) }
}

fn table(title: &str, rows: &[Row]) {
    println!("\n{title}: medians of interleaved rounds\n");
    println!(
        "{:<20} {:>7} {:>7} {:>6} {:>11} {:>6} {:>6} {:>9} {:>9} {:>9}",
        "",
        "p50 us",
        "p99 us",
        "spread",
        "calls/s x64",
        "spread",
        "allocs",
        "p50/floor",
        "x64/floor",
        "x64/peer"
    );
    let quickest = rows.iter().map(|row| row.rate64).fold(f64::MIN, f64::max);
    for row in rows {
        let bar = "#".repeat((row.rate64 / quickest * 30.0).round() as usize);
        println!(
            "{:<20} {:>7.1} {:>7.1} {:>5.0}% {:>11.0} {:>5.0}% {:>6} {:>9} {:>9} {:>9}  {bar}",
            row.name,
            row.p50_us,
            row.p99_us,
            row.p50_spread * 100.0,
            row.rate64,
            row.rate64_spread * 100.0,
            count(row.allocs),
            times(row.p50_vs_floor),
            times(row.rate64_vs_floor),
            times(row.rate64_vs_peer),
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
            "vs_floor": row.rate64_vs_floor,
            "vs_best_peer": row.rate64_vs_peer,
            "p50_vs_floor": row.p50_vs_floor,
        });
        println!("{object}");
    }
}
