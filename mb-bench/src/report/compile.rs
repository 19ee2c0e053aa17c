//! What a contract costs to compile.

use serde_json::json;

use crate::measure::median;

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
pub(crate) fn table(rows: &[CompileRow]) {
    println!("\n`cargo check` of 50 requests after a touch: medians of interleaved rounds\n");
    println!("{:<14} {:>8} {:>9}", "", "seconds", "vs floor");
    for row in rows {
        let vs_floor = row.vs_floor.map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
        println!("{:<14} {:>8.3} {vs_floor:>9}", row.name, row.seconds);
    }
}

/// One object per line: a check in place of a call, nothing in flight, nothing counted.
pub(crate) fn json(rows: &[CompileRow]) {
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
