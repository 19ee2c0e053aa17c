//! What was measured, for people and for programs.

use serde_json::json;

use crate::measure::{Row, median};

/// A table with bars for the latency.
pub(crate) fn table(rows: &[Row]) {
    println!("in process, one-thread runtime: medians of interleaved rounds\n");
    println!(
        "{:<14} {:>8} {:>8} {:>7} {:>11} {:>7} {:>9}",
        "", "p50 us", "p99 us", "spread", "calls/s x64", "allocs", "vs floor"
    );
    let slowest = rows.iter().map(|row| row.p50_us).fold(f64::MIN, f64::max);
    for row in rows {
        let vs_floor = row.vs_floor.map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
        let bar = "#".repeat((row.p50_us / slowest * 30.0).round() as usize);
        println!(
            "{:<14} {:>8.3} {:>8.3} {:>6.0}% {:>11.0} {:>7.1} {:>9}  {bar}",
            row.name,
            row.p50_us,
            row.p99_us,
            row.spread * 100.0,
            row.rate64,
            row.allocs,
            vs_floor
        );
    }
}

/// One object per line.
pub(crate) fn json(group: &str, rows: &[Row]) {
    for row in rows {
        let object = json!({
            "group": group,
            "name": row.name,
            "p50_us": row.p50_us,
            "p99_us": row.p99_us,
            "rate64": row.rate64,
            "allocs": row.allocs,
            "vs_floor": row.vs_floor,
            // No peers are measured yet.
            "vs_best_peer": null,
        });
        println!("{object}");
    }
}

/// How long a package takes to check.
pub(crate) struct CompileRow {
    name: &'static str,
    seconds: f64,
    vs_floor: Option<f64>,
}

impl CompileRow {
    /// A row from the rounds of one package, and their ratios to the floor's, round by round.
    pub(crate) fn new(name: &'static str, rounds: Vec<f64>, ratios: Option<Vec<f64>>) -> Self {
        Self { name, seconds: median(rounds), vs_floor: ratios.map(median) }
    }
}

/// A table of compile times.
pub(crate) fn compile_table(rows: &[CompileRow]) {
    println!("\n`cargo check` of 50 requests after a touch: medians of interleaved rounds\n");
    println!("{:<14} {:>8} {:>9}", "", "seconds", "vs floor");
    for row in rows {
        let vs_floor = row.vs_floor.map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
        println!("{:<14} {:>8.3} {vs_floor:>9}", row.name, row.seconds);
    }
}

/// One object per line: a check in place of a call, nothing in flight, nothing counted.
pub(crate) fn compile_json(rows: &[CompileRow]) {
    for row in rows {
        let object = json!({
            "group": "compile",
            "name": row.name,
            "p50_us": row.seconds * 1e6,
            "p99_us": null,
            "rate64": null,
            "allocs": null,
            "vs_floor": row.vs_floor,
            "vs_best_peer": null,
        });
        println!("{object}");
    }
}
