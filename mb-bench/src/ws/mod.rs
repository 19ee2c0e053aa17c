//! Over a WebSocket on loopback: calls on one connection, an event to a thousand subscribers, and
//! thousands of connections at once, beside what a person would write by hand. The peers use whatever
//! they are made for.

mod connections;
mod fanout;
mod floor;
mod jsonrpsee;
pub(crate) mod magicbutton;
mod socket;
mod tarpc;
pub(crate) mod thread;
mod tonic;
pub(crate) mod wire;

use std::io;

use crate::{
    measure::{Rate, Subject, Threads, chosen},
    report::connections::ConnectionsRow,
};

pub(crate) use connections::Load;
use magicbutton::MagicButton;

/// Every row of calls.
pub(crate) fn subjects(threads: Threads) -> io::Result<Vec<Subject>> {
    fn subject<W: wire::Wire>(t: Threads, name: &'static str, wire: W) -> io::Result<Subject> {
        match t {
            Threads::One => wire::subject(name, wire),
            Threads::Many => wire::crowded(name, wire),
        }
    }
    Ok(vec![
        subject(threads, "floor_ws_echo", floor::Floor)?.floor(),
        subject(threads, "jsonrpsee", jsonrpsee::JsonRpsee)?.peer(),
        subject(threads, "tarpc_tcp_json", tarpc::Tarpc)?.peer(),
        subject(threads, "tonic", tonic::Tonic)?.peer(),
        subject(threads, "magicbutton_json", MagicButton::Json)?,
        subject(threads, "magicbutton_msgpack", MagicButton::MessagePack)?,
    ])
}

/// Every row of events; the first is the floor.
pub(crate) fn fanout() -> io::Result<Vec<Rate>> {
    // Both ends of each connection of both rows.
    open_files(4 * fanout::SUBSCRIBERS)?;
    Ok(vec![
        fanout::subject("floor_feed_flush", fanout::Floor)?,
        fanout::subject("magicbutton_ws", magicbutton::Events)?,
    ])
}

/// Every row of connections, measured one after another.
pub(crate) fn connections(load: &Load, only: Option<&str>) -> io::Result<Vec<ConnectionsRow>> {
    let mut rows = Vec::new();
    if chosen("floor_ws_echo", only) {
        rows.push(connections::measure("floor_ws_echo", floor::Floor, load)?);
    }
    if chosen("magicbutton_json", only) {
        rows.push(connections::measure("magicbutton_json", MagicButton::Json, load)?);
    }
    Ok(rows)
}

/// Whether this process may open what connections need.
pub(crate) fn may_open(load: &Load) -> bool {
    open_files(2 * load.connections).is_ok()
}

/// Lets this process open so many sockets, and what else it needs.
fn open_files(sockets: usize) -> io::Result<()> {
    let needed = sockets as u64 + 200;
    let allowed = rlimit::increase_nofile_limit(u64::MAX)?;
    if allowed < needed {
        return Err(io::Error::other(format!("{needed} open files are needed, {allowed} allowed")));
    }
    Ok(())
}
