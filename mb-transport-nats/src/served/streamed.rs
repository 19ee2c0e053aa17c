//! Requests that are answered by a stream, at work: an item is sent when there is credit for it, for as
//! long as somebody is there to take it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::{Client, Subject};
use futures_util::{FutureExt, StreamExt};
use mb_core::{Codec, Fault, FaultKind, Streaming};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep},
};

use super::{Running, Served, late, send};
use crate::{headers, reply::Reply};

/// The most items that a reader may ask for at once, so that no number overflows.
const MOST_CREDIT: usize = 1 << 20;

/// What the reader of a stream has asked for, and when it did so last.
pub(super) struct Credit {
    items: Semaphore,
    asked: Mutex<Instant>,
}

impl Credit {
    fn new(items: usize) -> Self {
        let items = Semaphore::new(items.min(MOST_CREDIT));
        Self { items, asked: Mutex::new(Instant::now()) }
    }

    pub(super) fn add(&self, more: usize) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let room = MOST_CREDIT.saturating_sub(self.items.available_permits());
        self.items.add_permits(more.min(room));
    }

    /// Done when nothing was asked for in this time.
    async fn silent_for(&self, patience: Duration) {
        loop {
            let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            match patience.checked_sub(asked.elapsed()) {
                Some(left) if !left.is_zero() => sleep(left).await,
                _ => return,
            }
        }
    }
}

/// A request for a stream.
pub(super) struct Asked {
    pub(super) name: Box<str>,
    pub(super) codec: Codec,
    pub(super) credit: usize,
    pub(super) deadline: Option<Instant>,
}

impl Served {
    pub(super) fn stream(
        self: &Arc<Self>,
        nats: &Client,
        reply: Subject,
        items: Streaming,
        asked: Asked,
    ) {
        let credit = Arc::new(Credit::new(asked.credit));
        let (served, nats, at) = (Arc::clone(self), nats.clone(), reply.clone());
        let allowed = Arc::clone(&credit);
        let mut running = self.running();
        let task = tokio::spawn(async move {
            served.items(&nats, &at, items, &asked, &allowed).await;
            served.running().remove(at.as_str());
        });
        let running_stream = Running { task: task.abort_handle(), credit: Some(credit) };
        running.insert(reply.as_str().into(), running_stream);
    }

    /// Sends items, each when it is asked for. How a stream ends is not asked for.
    async fn items(
        &self,
        nats: &Client,
        at: &Subject,
        mut items: Streaming,
        asked: &Asked,
        credit: &Credit,
    ) {
        // One that is refused is over at once.
        let mut first = items.next().now_or_never();
        loop {
            let is_over = matches!(first, Some(None | Some(Err(_))));
            // Who waits for its reader is not waited for by a stop.
            let allowed = if is_over { Ok(()) } else { self.allowed(asked, credit).await };
            let _at_work = self.tracker.token();
            let item = match (allowed, first.take()) {
                (Err(fault), _) => Some(Err(fault.into())),
                (Ok(()), Some(first)) => first,
                (Ok(()), None) => tokio::select! {
                    biased;
                    item = items.next() => item,
                    fault = self.given_up(asked, credit) => Some(Err(fault.into())),
                },
            };
            let Some(item) = item else {
                let end = Reply::status(headers::STATUS_END, &self.instance);
                return send(nats, at.clone(), end).await;
            };
            let item = Reply::of(item, &asked.codec, self.bounds.answer);
            let last = item.error_code().is_some();
            send(nats, at.clone(), item.naming(&self.instance)).await;
            if last {
                return;
            }
        }
    }

    /// Waits until one more item is asked for.
    async fn allowed(&self, asked: &Asked, credit: &Credit) -> Result<(), Fault> {
        if let Ok(permit) = credit.items.try_acquire() {
            permit.forget();
            return Ok(());
        }
        tokio::select! {
            biased;
            // Never closed.
            permit = credit.items.acquire() => {
                permit.into_iter().for_each(SemaphorePermit::forget);
                Ok(())
            }
            () = self.over.cancelled() => {
                let name = &asked.name;
                Err(Fault::unavailable(format!("{name} ends: whoever asked for it has left")))
            }
            fault = self.given_up(asked, credit) => Err(fault),
        }
    }

    /// Done when a stream has no more time, or its reader has said nothing for too long.
    async fn given_up(&self, asked: &Asked, credit: &Credit) -> Fault {
        let silent = async {
            match self.bounds.patience {
                Some(patience) => credit.silent_for(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = late(asked.deadline) => Fault::late(&asked.name),
            () = silent => {
                let (name, patience) = (&asked.name, self.bounds.patience.unwrap_or_default());
                let reason = format!(
                    "{name} ends: its reader has said nothing for {patience:?}: give credit, be it 0"
                );
                Fault::new(FaultKind::Timeout, reason)
            }
        }
    }
}
