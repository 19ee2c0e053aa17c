//! A service in its place, and who holds it: its server, and each handler at work.
//!
//! A handler that answers once takes nothing but its [`Station`]: that keeps the service alive, and
//! is at the same time how a stopping server knows who is still at work. The server lets go of the
//! station then, and the last handler to leave drops it. One count for both: it is what a call in
//! process costs most.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use mb_core::Fault;

use super::gate::{Entry, Gate};
use crate::access::Audit;

/// A service, and what stands around it.
pub(super) struct Post<S> {
    pub(super) service: S,
    pub(super) gate: Arc<Gate>,
    /// Whether a chain of middleware is in front of it, which calls have come in through.
    pub(super) behind: bool,
    pub(super) audit: Arc<Audit>,
}

/// A post, for those whom a stopping server waits for. It is inside the gate as long as it is there.
pub(super) struct Station<S> {
    post: Arc<Post<S>>,
    _inside: Entry,
}

/// What keeps a handler's service alive.
pub(super) enum Held<S> {
    /// Waited for.
    Station(Arc<Station<S>>),
    /// Counted elsewhere: by the chain around it, or, as a stream, only while it works.
    Post(Arc<Post<S>>),
}

/// The way to a service for its routes, which keep it from nobody's drop.
pub(super) struct Way<S> {
    station: Weak<Station<S>>,
    post: Weak<Post<S>>,
    behind: bool,
}

/// A service in its place, for whoever serves it. Dropped, it takes the service along, as soon as no
/// handler holds it.
pub(crate) struct Service {
    _post: Arc<dyn Any + Send + Sync>,
    station: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
    working: Weak<dyn Any + Send + Sync>,
}

impl<S: Send + Sync + 'static> Post<S> {
    /// Puts this service in its place.
    pub(super) fn take(self) -> (Service, Way<S>) {
        let behind = self.behind;
        let mut entry = Entry::of(&self.gate);
        let post = Arc::new(self);
        // A gate that is closed already lets nobody in, here or later.
        let station = entry.enter().is_ok().then(|| {
            let station = Station { post: Arc::clone(&post), _inside: entry };
            Arc::new(station)
        });
        let way = Way {
            station: station.as_ref().map_or_else(Weak::new, Arc::downgrade),
            post: Arc::downgrade(&post),
            behind,
        };
        let working: Weak<dyn Any + Send + Sync> = way.station.clone();
        let station = Mutex::new(station.map(|station| station as Arc<dyn Any + Send + Sync>));
        (Service { _post: post, station, working }, way)
    }
}

impl Service {
    /// Lets go of the station: it is there as long as handlers are.
    fn release(&self) {
        drop(self.station.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Waits until every call through this gate is done, or `limit` has passed: then cuts off whoever is
/// left, and says how many that were. These are its services, whose handlers begin no more.
pub(crate) async fn drain(gate: &Gate, services: &[Service], limit: Duration) -> usize {
    gate.close();
    services.iter().for_each(Service::release);
    gate.emptied(limit).await;
    let left = left(gate, services);
    gate.cut();
    left
}

/// How many calls are at work in these services, whose handlers begin no more.
pub(crate) fn left(gate: &Gate, services: &[Service]) -> usize {
    services.iter().for_each(Service::release);
    // A station that is still there is inside itself, for the first of the handlers that hold it.
    let others = services.iter().map(|service| service.working.strong_count().saturating_sub(1));
    gate.inside() + others.sum::<usize>()
}

impl<S> Clone for Way<S> {
    fn clone(&self) -> Self {
        let (station, post) = (Weak::clone(&self.station), Weak::clone(&self.post));
        Self { station, post, behind: self.behind }
    }
}

impl<S> Way<S> {
    /// For a handler that answers once.
    #[inline]
    pub(super) fn once(&self) -> Result<Held<S>, Fault> {
        if self.behind {
            self.many()
        } else {
            self.station.upgrade().map(Held::Station).ok_or_else(Fault::stopped)
        }
    }

    /// For one that answers by a stream.
    pub(super) fn many(&self) -> Result<Held<S>, Fault> {
        self.post.upgrade().map(Held::Post).ok_or_else(Fault::stopped)
    }
}

impl<S> Held<S> {
    #[inline]
    pub(super) fn post(&self) -> &Post<S> {
        match self {
            Self::Station(station) => &station.post,
            Self::Post(post) => post,
        }
    }

    /// Whether a handler may begin.
    #[inline]
    pub(super) fn begin(&self) -> Result<(), Fault> {
        match self {
            Self::Station(station) if station.post.gate.is_closed() => Err(Fault::stopped()),
            // Whoever let its chain in has asked.
            Self::Station(_) | Self::Post(_) => Ok(()),
        }
    }
}
