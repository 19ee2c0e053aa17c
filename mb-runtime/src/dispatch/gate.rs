//! Who may still come in, and who is still inside: what a draining server waits for.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{self, Poll},
    time::Duration,
};

use mb_core::Fault;
use tokio::{runtime::Handle, sync::Notify};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Counts whoever is inside, and closes in two steps: first nobody may enter, then
/// whoever is left is cut off.
///
/// They come and go by one atomic step each; whether the gate is closed is part of the same
/// number, so that nobody slips in while it closes.
pub(crate) struct Gate {
    /// Four times the number of calls inside, plus one when closed, plus two when cut.
    state: AtomicUsize,
    emptied: Notify,
    closing: CancellationToken,
    cut: CancellationToken,
    /// The server's, where handlers go that outlive their callers.
    runtime: Option<Handle>,
}

/// The right to be inside.
pub(crate) struct Inside<'a>(&'a Gate);

/// A way in, for what borrows from nobody.
pub(super) struct Entry {
    gate: Arc<Gate>,
    inside: bool,
}

const CLOSED: usize = 1;
const CUT: usize = 2;
const CALL: usize = 4;

impl Gate {
    /// An open gate, of a server on the runtime that this is called on.
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            emptied: Notify::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
            runtime: Handle::try_current().ok(),
        }
    }

    /// The runtime that the server was started on, if it was on one.
    pub(crate) fn runtime(&self) -> Option<&Handle> {
        self.runtime.as_ref()
    }

    /// Lets a call in, until what it gets is dropped; nobody, once the gate is closed.
    #[inline]
    pub(crate) fn enter(&self) -> Result<Inside<'_>, Fault> {
        let let_in = |state| (state & CLOSED == 0).then_some(state + CALL);
        match self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, let_in) {
            Ok(_) => Ok(Inside(self)),
            Err(_) => Err(Fault::stopped()),
        }
    }

    /// Lets in what belongs to somebody who is in already, or was sent before the gate closed, as
    /// long as anybody may stay.
    fn join(&self) -> Result<Inside<'_>, Fault> {
        let let_in = |state| (state & CUT == 0).then_some(state + CALL);
        match self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, let_in) {
            Ok(_) => Ok(Inside(self)),
            Err(_) => Err(Fault::stopped()),
        }
    }

    /// Lets nobody in any more, and ends streams.
    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
        self.closing.cancel();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// How many are inside.
    pub(super) fn inside(&self) -> usize {
        self.state.load(Ordering::Acquire) / CALL
    }

    /// Waits until everybody has left, or `limit` has passed. A limit of nothing takes no timer.
    pub(super) async fn emptied(&self, limit: Duration) {
        let empty = async {
            loop {
                let emptied = self.emptied.notified();
                if self.inside() == 0 {
                    return;
                }
                emptied.await;
            }
        };
        if !limit.is_zero() {
            // Whether in time or not is told by who is left.
            let _ = tokio::time::timeout(limit, empty).await;
        }
    }

    /// Cuts off whoever is left.
    pub(crate) fn cut(&self) {
        self.close();
        self.state.fetch_or(CUT, Ordering::AcqRel);
        self.cut.cancel();
    }

    /// Whether whoever is left has been cut off: no handler may run any more.
    pub(crate) fn is_cut(&self) -> bool {
        self.state.load(Ordering::Acquire) & CUT != 0
    }

    /// Cancelled when the gate begins to close.
    pub(crate) fn when_closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Cancelled when whoever is left is cut off.
    pub(crate) fn when_cut(&self) -> &CancellationToken {
        &self.cut
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        let before = self.0.state.fetch_sub(CALL, Ordering::AcqRel);
        if before & CLOSED != 0 && before / CALL == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

impl Entry {
    pub(super) fn of(gate: &Arc<Gate>) -> Self {
        Self { gate: Arc::clone(gate), inside: false }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// As [`Gate::enter`], once.
    pub(super) fn enter(&mut self) -> Result<(), Fault> {
        if !self.inside {
            // Left by the guard that `leave` makes.
            std::mem::forget(self.gate.enter()?);
            self.inside = true;
        }
        Ok(())
    }

    /// As [`enter`](Self::enter), for what may come in while the gate closes.
    pub(super) fn join(&mut self) -> Result<(), Fault> {
        if !self.inside {
            // Left by the guard that `leave` makes.
            std::mem::forget(self.gate.join()?);
            self.inside = true;
        }
        Ok(())
    }

    /// Leaves, if it is inside.
    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.inside) {
            drop(Inside(&self.gate));
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Waits for the moment from which on a handler is polled no more. Made when the handler is first
/// pending: most never are.
#[derive(Default)]
pub(super) struct End(Option<Pin<Box<WaitForCancellationFutureOwned>>>);

impl End {
    pub(super) fn poll(
        &mut self,
        cx: &mut task::Context<'_>,
        when: &CancellationToken,
    ) -> Poll<()> {
        let waiting = self.0.get_or_insert_with(|| Box::pin(when.clone().cancelled_owned()));
        waiting.as_mut().poll(cx)
    }
}

/// For a call that the server did not wait for any longer. Its handler has run in part: sending it
/// again may do things twice.
pub(crate) fn cut_off() -> Fault {
    let reason =
        "the server stopped before the call was done: it may have been carried out in part";
    Fault::interrupted(reason).with_retryable(false)
}
