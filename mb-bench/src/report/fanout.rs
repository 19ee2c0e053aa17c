//! Events to many subscribers: how many reach them in a second.

use serde_json::json;

use super::times;
use crate::measure::{median, ratio, spread};

/// One way to tell a thousand subscribers.
pub(crate) struct FanoutRow {
    name: &'static str,
    /// Messages that arrived, per second.
    delivered_per_s: f64,
    spread: f64,
    vs_floor: Option<f64>,
}

impl FanoutRow {
    /// A row from its rounds, and the floor's.
    pub(crate) fn new(name: &'static str, rounds: &[f64], floor: Option<&[f64]>) -> Self {
        Self {
            name,
            delivered_per_s: median(rounds.to_vec()),
            spread: spread(rounds),
            vs_floor: floor.map(|floor| ratio(rounds, floor)),
        }
    }
}

/// A table.
pub(crate) fn table(rows: &[FanoutRow]) {
    println!("\none event to 1,000 WebSocket subscribers: medians of interleaved rounds\n");
    println!("{:<20} {:>12} {:>7} {:>9}", "", "delivered/s", "spread", "vs floor");
    for row in rows {
        println!(
            "{:<20} {:>12.0} {:>6.0}% {:>9}",
            row.name,
            row.delivered_per_s,
            row.spread * 100.0,
            times(row.vs_floor)
        );
    }
}

/// One object per line: nobody waits for an answer here, so there is no latency.
pub(crate) fn json(rows: &[FanoutRow]) {
    for row in rows {
        let object = json!({
            "group": "fanout",
            "name": row.name,
            "p50_us": null,
            "p99_us": null,
            "rate64": null,
            "allocs": null,
            "vs_floor": row.vs_floor,
            "vs_best_peer": null,
            "delivered_per_s": row.delivered_per_s,
        });
        println!("{object}");
    }
}
