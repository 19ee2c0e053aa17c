//! How a server ends: drained by `stop`, or at once when its last handle is dropped.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mb_core::{Binding, EndReason, Endpoint};
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{Core, StopError};
use crate::{dispatch, subscription::SubscriptionGuard};

/// As long as a server can be told to wait: a year, for which a clock has room.
const LONGEST_DRAIN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long the ends of its connections may take at most.
const GOODBYE: Duration = Duration::from_secs(5);

type Outcome = watch::Sender<Option<Result<(), StopError>>>;

/// A server and what has to be given up when it ends.
pub(super) struct Running {
    core: Arc<Core>,
    endpoints: Vec<Endpoint>,
    parts: Mutex<Option<Parts>>,
    drain: Duration,
    outcome: Outcome,
}

/// What only the one who stops the server needs.
struct Parts {
    bindings: Vec<Box<dyn Binding>>,
    workers: Vec<SubscriptionGuard>,
}

impl Running {
    pub(super) fn new(core: Arc<Core>, workers: Vec<SubscriptionGuard>, drain: Duration) -> Self {
        let parts = Mutex::new(Some(Parts { bindings: Vec::new(), workers }));
        Self { core, endpoints: Vec::new(), parts, drain, outcome: watch::Sender::default() }
    }

    /// Adds an endpoint that is being listened on.
    pub(super) fn listen(&mut self, binding: Box<dyn Binding>) {
        self.endpoints.push(binding.endpoint().clone());
        if let Some(parts) = self.parts.get_mut().unwrap_or_else(PoisonError::into_inner) {
            parts.bindings.push(binding);
        }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    pub(super) async fn stop(&self) -> Result<(), StopError> {
        if let Some(parts) = self.take_parts() {
            let (core, outcome) = (Arc::clone(&self.core), self.outcome.clone());
            let ending = Ending { core, parts, outcome }.run(self.drain);
            match self.core.gate.runtime() {
                // In a task of its own it goes on when this future is dropped.
                Some(runtime) => drop(runtime.spawn(ending)),
                None => ending.await,
            }
        }
        self.stopped().await
    }

    pub(super) async fn stopped(&self) -> Result<(), StopError> {
        let mut outcome = self.outcome.subscribe();
        // The sender is part of `self`: the wait ends only with an outcome.
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }

    fn take_parts(&self) -> Option<Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A server that is ending. However that goes, even if its runtime goes down half-way: when this is
/// dropped, nobody is inside any more, and everybody has been told.
struct Ending {
    core: Arc<Core>,
    parts: Parts,
    outcome: Outcome,
}

impl Ending {
    async fn run(mut self, drain: Duration) {
        let core = Arc::clone(&self.core);
        // Without a runtime there is no timer: nobody is waited for.
        let drain = if Handle::try_current().is_ok() { drain } else { Duration::ZERO };
        let deadline = Instant::now() + drain.min(LONGEST_DRAIN);
        // First nothing new comes, then nobody is let in: what a broker has handed out already is
        // served.
        for binding in &mut self.parts.bindings {
            binding.close().await;
        }
        let calls = dispatch::drain(&core.gate, &core.services, drain).await;
        core.hub.end(EndReason::ServerStopped);
        if !drain.is_zero() {
            for worker in &mut self.parts.workers {
                // Emitted events are work in flight too. Who is not done in time is counted below.
                let _ = timeout_at(deadline, worker.ended()).await;
            }
        }
        let handlers = self.cut();
        // The last answers, and the goodbyes.
        core.ended(GOODBYE).await;
        for binding in &mut self.parts.bindings {
            binding.end().await;
        }
        self.conclude(calls, handlers);
    }

    /// Cuts off what is left, and says how many event handlers that were.
    fn cut(&self) -> usize {
        let handlers = self.parts.workers.iter().filter(|worker| worker.abort()).count();
        self.core.cut();
        handlers
    }

    /// Tells whoever waits how it went. The first conclusion counts.
    fn conclude(&self, calls: usize, handlers: usize) {
        let clean = calls == 0 && handlers == 0;
        self.outcome.send_if_modified(|outcome| {
            let first = outcome.is_none();
            if first {
                let cut_off = StopError::CutOff { calls, handlers };
                *outcome = Some(if clean { Ok(()) } else { Err(cut_off) });
            }
            first
        });
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let (calls, handlers) = (dispatch::left(&self.core.gate, &self.core.services), self.cut());
        self.conclude(calls, handlers);
    }
}

/// The last handle is gone, and nobody has asked for a drain: everything ends at once.
impl Drop for Running {
    fn drop(&mut self) {
        if self.take_parts().is_some() {
            self.core.cut();
        }
    }
}
