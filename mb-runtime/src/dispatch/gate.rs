//! Who may still come in, and who is still inside: what a draining server waits for.

use std::{sync::Arc, time::Duration};

use mb_core::Fault;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// Counts the calls that are running, and closes in two steps: first nobody may enter, then
/// whoever is left is cut off.
#[derive(Default)]
pub(crate) struct Gate {
    running: TaskTracker,
    closing: CancellationToken,
    cut: CancellationToken,
}

/// The right to run, held by every call from its start to its end.
pub(crate) struct Pass {
    gate: Arc<Gate>,
    _running: TaskTrackerToken,
}

impl Gate {
    /// Lets a call in, unless the gate is closing.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Pass, Fault> {
        // Counted first, asked second: whoever is let in is seen by whoever waits.
        let running = self.running.token();
        if self.closing.is_cancelled() {
            return Err(stopped());
        }
        Ok(Pass { gate: Arc::clone(self), _running: running })
    }

    /// Lets nobody in any more, and ends streams.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        self.running.close();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Waits until everybody has left, or `limit` has passed: then cuts off whoever is left, and
    /// says how many that were.
    pub(crate) async fn drain(&self, limit: Duration) -> Result<(), usize> {
        if tokio::time::timeout(limit, self.running.wait()).await.is_ok() {
            return Ok(());
        }
        let left = self.running.len();
        self.cut();
        if left == 0 { Ok(()) } else { Err(left) }
    }

    /// Cuts off whoever is left.
    pub(crate) fn cut(&self) {
        self.close();
        self.cut.cancel();
    }
}

impl Pass {
    /// Done when the gate begins to close.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.gate.closing.clone()
    }

    /// Done when this call is to be cut off.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.gate.cut.clone()
    }
}

pub(crate) fn stopped() -> Fault {
    Fault::unavailable("the server has stopped, or is stopping")
}
