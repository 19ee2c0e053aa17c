//! Events to many subscribers: how many reach them in a second.

use serde_json::json;

use super::times;
use crate::measure::RateRow;

/// A table, or one object per line: nobody waits for an answer here, so there is no latency.
pub(crate) fn print(group: &str, what: &str, rows: &[RateRow], as_json: bool) {
    if as_json { lines(group, rows) } else { table(what, rows) }
}

fn table(what: &str, rows: &[RateRow]) {
    println!("\n{what}: medians of interleaved rounds\n");
    println!("{:<26} {:>12} {:>7} {:>9}", "", "delivered/s", "spread", "vs floor");
    for row in rows {
        println!(
            "{:<26} {:>12.0} {:>6.0}% {:>9}",
            row.name,
            row.per_second,
            row.spread * 100.0,
            times(row.vs_floor)
        );
    }
}

fn lines(group: &str, rows: &[RateRow]) {
    for row in rows {
        let object = json!({
            "group": group,
            "name": row.name,
            "p50_us": null,
            "p99_us": null,
            "rate64": null,
            "allocs": null,
            "vs_floor": row.vs_floor,
            "vs_best_peer": null,
            "delivered_per_s": row.per_second,
        });
        println!("{object}");
    }
}
