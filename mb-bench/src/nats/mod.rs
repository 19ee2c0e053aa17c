//! Over a real `nats-server` on loopback: calls and events, beside what its own client does with the
//! same JSON. The server is started for the run, on a free port.

mod calls;
mod events;
#[path = "../../../tests/common/nats_server.rs"]
mod nats_server;

use std::{io, process::Command};

use crate::measure::{self, Row};

/// What was measured.
pub(crate) struct Rows {
    pub(crate) calls: Vec<Row>,
    pub(crate) events: Vec<Row>,
}

/// Whether there is a `nats-server` to measure with.
pub(crate) fn is_there() -> bool {
    Command::new("nats-server").arg("--version").output().is_ok()
}

/// Every row, measured.
pub(crate) fn measure(only: Option<&str>) -> io::Result<Rows> {
    let Some(engine) = nats_server::start() else {
        return Err(io::Error::other("nats-server is not installed"));
    };
    let calls = [
        crate::ws::wire::subject("floor_async_nats", calls::Raw { port: engine.port })?.floor(),
        crate::ws::wire::subject("magicbutton_nats", calls::MagicButton { port: engine.port })?,
    ];
    let calls = measure::group(&calls, only);
    let events = [
        events::raw("floor_async_nats_publish", engine.port)?.floor(),
        events::magicbutton("magicbutton_events", engine.port)?,
    ];
    let events = measure::group(&events, only);
    Ok(Rows { calls, events })
}
