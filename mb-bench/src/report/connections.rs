//! Many connections at once: whether each is served in time, and what an idle one costs.

use serde_json::json;

/// What came of one load.
pub(crate) struct ConnectionsRow {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    pub(crate) calls: usize,
    /// Calls that failed, or took longer than a caller waits.
    pub(crate) failed: usize,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
    /// Bytes on the server's heap per connection that has not been used yet.
    pub(crate) idle_bytes: f64,
    /// The same once its calls are done.
    pub(crate) used_bytes: f64,
}

/// A table.
pub(crate) fn table(rows: &[ConnectionsRow]) {
    println!("\nconcurrent WebSocket connections, a call per second on each\n");
    println!(
        "{:<20} {:>11} {:>9} {:>7} {:>8} {:>8} {:>9} {:>11} {:>11}",
        "", "connections", "calls", "failed", "p50 us", "p99 us", "max us", "B idle", "B used"
    );
    for row in rows {
        println!(
            "{:<20} {:>11} {:>9} {:>7} {:>8.0} {:>8.0} {:>9.0} {:>11.0} {:>11.0}",
            row.name,
            row.connections,
            row.calls,
            row.failed,
            row.p50_us,
            row.p99_us,
            row.max_us,
            row.idle_bytes,
            row.used_bytes
        );
    }
}

/// One object per line.
pub(crate) fn json(rows: &[ConnectionsRow]) {
    for row in rows {
        let object = json!({
            "group": "connections",
            "name": row.name,
            "p50_us": row.p50_us,
            "p99_us": row.p99_us,
            "rate64": null,
            "allocs": null,
            "vs_floor": null,
            "vs_best_peer": null,
            "connections": row.connections,
            "calls": row.calls,
            "failed": row.failed,
            "max_us": row.max_us,
            "idle_bytes": row.idle_bytes,
            "used_bytes": row.used_bytes,
        });
        println!("{object}");
    }
}
