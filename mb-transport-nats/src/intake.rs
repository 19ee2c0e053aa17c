//! What comes from the engine, taken in an order that keeps cause before effect.
//!
//! The engine's client has a queue per subscription, filled in the order in which messages arrive.
//! Polled from the last effect back to the first cause, and handled the other way round: when a
//! reply is handled, every event that arrived before it has been.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
};

use async_nats::{Message, Subject, Subscriber};
use futures_util::StreamExt;

use crate::connect::SUBSCRIPTION;

/// Subscriptions, each of a kind. Kinds are handled in the order of their values.
pub(crate) struct Intake<K> {
    sources: Vec<Source<K>>,
    ready: VecDeque<(K, Message)>,
    /// Of this kind nothing is taken for the time being.
    paused: Option<K>,
}

struct Source<K> {
    kind: K,
    subscriber: Subscriber,
    /// What it is known by to those who may want it gone.
    name: Option<Subject>,
}

impl<K: Copy + Ord + Unpin> Intake<K> {
    pub(crate) fn new() -> Self {
        Self { sources: Vec::new(), ready: VecDeque::new(), paused: None }
    }

    /// Adds a subscription.
    pub(crate) fn add(&mut self, kind: K, subscriber: Subscriber) {
        self.put(Source { kind, subscriber, name: None });
    }

    /// Adds a subscription that may be forgotten again.
    pub(crate) fn add_named(&mut self, kind: K, subscriber: Subscriber, name: Subject) {
        self.put(Source { kind, subscriber, name: Some(name) });
    }

    /// Drops the oldest subscription of a name.
    pub(crate) fn forget(&mut self, name: &str) {
        let is = |source: &Source<K>| source.name.as_ref().is_some_and(|own| own.as_str() == name);
        if let Some(at) = self.sources.iter().position(is) {
            self.sources.remove(at);
        }
    }

    fn put(&mut self, source: Source<K>) {
        self.sources.push(source);
        self.sources.sort_by_key(|source| source.kind);
    }

    /// Takes nothing of a kind, or everything again.
    pub(crate) fn pause(&mut self, kind: Option<K>) {
        self.paused = kind;
    }

    /// Leaves those subscriptions of which this is so, in such a way that what the engine has sent
    /// already still comes.
    ///
    /// The engine takes a number that is none for "now"; its client takes it for "much later", and
    /// so goes on to listen. Its own `drain` may let go of what is on its way.
    pub(crate) async fn leave(&mut self, which: impl Fn(K) -> bool) {
        for source in self.sources.iter_mut().filter(|source| which(source.kind)) {
            // It fails where the connection is over: then nothing comes any more either.
            let _ = source.subscriber.unsubscribe_after(u64::MAX).await;
        }
    }

    /// The next message. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<(K, Message)> {
        // Waiting on many queues is no reason to be made to wait.
        tokio::task::unconstrained(poll_fn(|cx| self.poll(cx))).await
    }

    /// The first that is there already, of a kind that is not paused.
    pub(crate) fn take_ready(&mut self) -> Option<(K, Message)> {
        match self.paused {
            None => self.ready.pop_front(),
            Some(paused) => {
                let at = self.ready.iter().position(|(kind, _)| *kind != paused)?;
                self.ready.remove(at)
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(K, Message)>> {
        if let Some(ready) = self.take_ready() {
            return Poll::Ready(Some(ready));
        }
        let mut ended = 0;
        for source in self.sources.iter_mut().rev() {
            if self.paused == Some(source.kind) {
                continue;
            }
            // Pushed to the front in reverse: the kinds end up in their order, and each kind in its.
            let before = self.ready.len();
            // All that was there when a later kind was looked at, and no more than that: somebody who is
            // quicker than this must not fill the memory.
            for _ in 0..SUBSCRIPTION {
                match source.subscriber.poll_next_unpin(cx) {
                    Poll::Ready(Some(message)) => self.ready.push_back((source.kind, message)),
                    Poll::Ready(None) => {
                        ended += 1;
                        break;
                    }
                    Poll::Pending => break,
                }
            }
            let came = self.ready.len() - before;
            self.ready.rotate_right(came);
        }
        match self.take_ready() {
            Some(ready) => Poll::Ready(Some(ready)),
            None if ended == self.sources.len() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
