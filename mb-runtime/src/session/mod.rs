//! Many calls, streams and events, both ways, over one connection that only moves frames.
//!
//! [`machine`] decides, and knows neither sockets nor clocks. [`driver`] moves frames between it
//! and a [`Duplex`], and tells it the time. [`link`] is what the rest of the runtime holds: the way
//! to the other side, with [`outgoing`] for each call. [`serving`] lets this side answer.

mod calls;
mod driver;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzzing;
mod link;
mod machine;
mod outbox;
mod outgoing;
mod served;
mod serving;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
};

use bytes::Bytes;
use mb_core::{Codec, Duplex, Limits, Link, Name};
use tokio::{sync::Notify, time::Instant};

pub(crate) use driver::Driver;
#[cfg(feature = "fuzzing")]
pub use fuzzing::take_apart;
use link::SessionLink;
pub(crate) use link::{system_request, understood};
use machine::Machine;

/// What both halves of a connection and everybody who calls over it share.
// In this order: an event to a thousand readers touches a thousand of these, and what it needs of each
// lies together.
#[repr(C)]
struct Shared {
    codec: Codec,
    /// The largest frame that the other side takes.
    max_frame: AtomicUsize,
    /// Whether this is the client's side: whoever emits there waits for room, instead of the
    /// reader being too slow.
    is_client: bool,
    /// Whether the other side knows contracts, and so names in full.
    full_names: AtomicBool,
    /// Whether so much waits to be sent that no more is read.
    crowded: Arc<AtomicBool>,
    machine: Mutex<Machine>,
    /// Told when the next tick has become earlier.
    sooner: Notify,
}

/// Whether a side that emits faster than the other reads is made to wait, or the other dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its emitters wait.
    Client,
    /// It waits for nobody.
    Server,
}

/// A session over these frames: the link to the other side, and what has to run to keep it going.
pub(crate) fn open(duplex: Duplex, limits: &Arc<Limits>, side: Side) -> (Arc<dyn Link>, Driver) {
    let machine = Machine::new(Arc::clone(limits), Instant::now());
    let shared = Arc::new(Shared {
        crowded: Arc::clone(machine.crowded()),
        machine: Mutex::new(machine),
        codec: duplex.codec,
        sooner: Notify::new(),
        full_names: AtomicBool::new(false),
        max_frame: AtomicUsize::new(limits.max_message),
        is_client: side == Side::Client,
    });
    let link = Arc::new(SessionLink(Arc::clone(&shared)));
    (link, Driver::new(shared, duplex.incoming, duplex.outgoing, duplex.remote))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name that the other side knows a message by.
    fn name_of<'a>(&self, name: &'a Name) -> &'a str {
        let in_full = self.full_names.load(Ordering::Relaxed);
        match name {
            Name::Request(request) if !in_full => request.name,
            // A server writes an event once for all its readers, of whatever kind they are. A
            // client's one reader may have two events of this name.
            Name::Event(event) if !(in_full && self.is_client) => event.name,
            name => name.as_str(),
        }
    }

    /// Does what ends the session, and lets everybody know.
    fn end(&self, end: impl FnOnce(&mut Machine, &mut Vec<Waker>)) {
        let mut wakers = Vec::new();
        end(&mut self.lock(), &mut wakers);
        wake(wakers);
        self.sooner.notify_one();
    }

    /// Queues a frame that answers nothing.
    fn send(&self, frame: Bytes) {
        let waker = self.lock().send(frame);
        wake(waker);
    }
}

/// Wakes whoever is to be woken, outside of any lock.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
