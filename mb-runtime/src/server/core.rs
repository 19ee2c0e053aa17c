//! What a server is made of, as its connections see it: routes, the gate, event readers, peers.

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU64, Ordering},
};

use futures_core::future::BoxFuture;
use futures_util::future::join_all;
use mb_core::{Caller, Connected, EndReason, Fault, Hello, Host, Link, Message, Published};
use uuid::Uuid;

use super::peer::Peer;
use crate::{
    dispatch::{DuplicateContract, Gate, Routes, ServedContract, stopped},
    subscription::Hub,
};

pub(crate) struct Core {
    id: String,
    pub(super) routes: Routes,
    pub(super) gate: Arc<Gate>,
    pub(super) hub: Arc<Hub>,
    max_clients: usize,
    /// Taken out and told as a whole: nothing of a user's runs under the lock.
    peers: RwLock<Arc<Vec<Arc<Peer>>>>,
    next_peer: AtomicU64,
}

impl Core {
    pub(super) fn new(
        id: String,
        served: Vec<ServedContract>,
        max_clients: usize,
    ) -> Result<Arc<Self>, DuplicateContract> {
        let gate = Arc::new(Gate::new());
        let routes = Routes::new(served, &gate)?;
        Ok(Arc::new(Self {
            id,
            routes,
            gate,
            hub: Arc::default(),
            max_clients,
            peers: RwLock::default(),
            next_peer: AtomicU64::new(1),
        }))
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Forgets a client.
    pub(super) fn forget(&self, peer: u64) {
        Arc::make_mut(&mut *self.write()).retain(|other| other.key() != peer);
    }

    /// Ends everything at once.
    pub(super) fn cut(&self) {
        self.gate.cut();
        self.hub.end(EndReason::ServerStopped);
        self.dismiss();
    }

    /// Tells every client that the server has stopped, and forgets them all.
    pub(super) fn dismiss(&self) {
        let peers = std::mem::take(&mut *self.write());
        for peer in peers.iter() {
            peer.dismiss(EndReason::ServerStopped);
        }
    }

    /// Hands an event to each of some clients: one payload, shared by all of them.
    fn deliver(
        &self,
        event: Message,
        to: impl Fn(&Peer) -> bool,
    ) -> (usize, Vec<BoxFuture<'static, Result<(), Fault>>>) {
        let mut event = event;
        let context = event.take_context().with_source(self.id.clone());
        event.set_context(context);
        let event = Arc::new(event);
        let mut reached = 0;
        let mut waiting = Vec::new();
        let peers = Arc::clone(&self.read());
        for peer in peers.iter().filter(|peer| to(peer)) {
            reached += 1;
            if !peer.wants(event.name().as_str()) {
                continue;
            }
            match peer.caller().back().publish(&event) {
                Published::Waiting(rest) => waiting.push(rest),
                // A reader that is gone, or that does not wait any longer, has been told so itself.
                Published::Accepted | Published::Refused(_) => {}
            }
        }
        (reached, waiting)
    }

    fn read(&self) -> RwLockReadGuard<'_, Arc<Vec<Arc<Peer>>>> {
        self.peers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Arc<Vec<Arc<Peer>>>> {
        self.peers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for Core {
    fn accept(self: Arc<Self>, hello: Hello, back: Arc<dyn Link>) -> Result<Connected, Fault> {
        let connection_id = Uuid::now_v7().to_string();
        let host: Arc<dyn Host> = Arc::clone(&self) as _;
        let caller = Caller::new(hello, connection_id, Arc::downgrade(&host), back);
        let key = self.next_peer.fetch_add(1, Ordering::Relaxed);
        let peer = Arc::new(Peer::new(&self, key, Arc::new(caller)));
        let info = peer.caller().info();
        let connected = Connected {
            server_id: self.id.clone(),
            client_id: info.client_id.clone(),
            connection_id: info.connection_id.clone(),
            contracts: Arc::clone(self.routes.contracts()),
            link: Arc::clone(&peer) as _,
        };
        let mut peers = self.write();
        // Asked under the lock that `dismiss` takes: nobody is let in and then never dismissed.
        if self.gate.is_closed() {
            return Err(stopped());
        }
        if peers.len() >= self.max_clients {
            return Err(Fault::unavailable(format!(
                "the server {} has {} clients, as many as it takes",
                self.id, self.max_clients
            )));
        }
        Arc::make_mut(&mut *peers).push(peer);
        Ok(connected)
    }

    fn broadcast(self: Arc<Self>, event: Message) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(async move {
            if self.hub.end_reason().is_some() {
                return Err(stopped());
            }
            let (_, waiting) = self.deliver(event, |_| true);
            // Whoever does not get it in time has it counted.
            join_all(waiting).await;
            Ok(())
        })
    }

    fn send_to(
        self: Arc<Self>,
        client_id: String,
        event: Message,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(async move {
            let (reached, waiting) = self.deliver(event, |peer| peer.caller().id() == client_id);
            // Whoever does not get it in time has it counted.
            join_all(waiting).await;
            if reached > 0 {
                return Ok(());
            }
            // A handler that passes this on may have done things before.
            let missing = Fault::unavailable(format!("no client `{client_id}` is connected"));
            Err(missing.with_retryable(false))
        })
    }

    fn clients(&self) -> Vec<Arc<Caller>> {
        self.read().iter().map(|peer| Arc::clone(peer.caller())).collect()
    }
}
