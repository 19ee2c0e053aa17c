//! How a server ends: drained by `stop`, or at once when its last handle is dropped.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mb_core::{Binding, EndReason, Endpoint};
use tokio::{runtime::Handle, sync::watch, time::Instant};

use super::{Core, StopError};
use crate::subscription::SubscriptionGuard;

/// A server and what has to be given up when it ends.
pub(super) struct Running {
    core: Arc<Core>,
    endpoints: Vec<Endpoint>,
    parts: Mutex<Option<Parts>>,
    drain: Duration,
    outcome: watch::Sender<Option<Result<(), StopError>>>,
}

/// What only the one who stops the server needs.
struct Parts {
    bindings: Vec<Box<dyn Binding>>,
    workers: Vec<SubscriptionGuard>,
}

impl Running {
    pub(super) fn new(
        core: Arc<Core>,
        bindings: Vec<Box<dyn Binding>>,
        workers: Vec<SubscriptionGuard>,
        drain: Duration,
    ) -> Self {
        let endpoints = bindings.iter().map(|binding| binding.endpoint().clone()).collect();
        let parts = Mutex::new(Some(Parts { bindings, workers }));
        Self { core, endpoints, parts, drain, outcome: watch::Sender::default() }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    pub(super) async fn stop(&self) -> Result<(), StopError> {
        if let Some(parts) = self.take_parts() {
            let ending = end(Arc::clone(&self.core), parts, self.drain, self.outcome.clone());
            match Handle::try_current() {
                // In a task of its own it goes on when this future is dropped.
                Ok(runtime) => drop(runtime.spawn(ending)),
                Err(_) => ending.await,
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

async fn end(
    core: Arc<Core>,
    mut parts: Parts,
    drain: Duration,
    outcome: watch::Sender<Option<Result<(), StopError>>>,
) {
    let deadline = Instant::now() + drain;
    core.gate.close();
    for binding in &mut parts.bindings {
        binding.close().await;
    }
    let drained = core.gate.drain(drain).await;
    core.hub.end(EndReason::ServerStopped);
    for worker in &mut parts.workers {
        // Emitted events are work in flight too.
        let _ = tokio::time::timeout_at(deadline, worker.ended()).await;
    }
    core.dismiss();
    let drained = drained.map_err(|calls| StopError::CutOff { calls });
    outcome.send_replace(Some(drained));
}

/// The last handle is gone, and nobody has asked for a drain: everything ends at once.
impl Drop for Running {
    fn drop(&mut self) {
        if self.take_parts().is_some() {
            self.core.gate.cut();
            self.core.hub.end(EndReason::ServerStopped);
            self.core.dismiss();
        }
    }
}
