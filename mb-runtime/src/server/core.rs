//! What a server is made of, as its connections see it: routes, the gate, event readers, peers.

mod announcing;

use std::{
    hash::RandomState,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_core::future::BoxFuture;
use mb_core::{
    Actor, Body, Caller, ClientInfo, Codec, Connected, Context, ContractDescriptor,
    ContractVersion, Duplex, EndReason, Fault, Hello, Host, Limits, Link, Message, Name,
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    peer::{Peer, TokenId},
    throttle::Throttle,
};
use crate::{
    access::{Audit, Judge, Readers},
    dispatch::{DuplicateContract, Gate, Routes, ServedContract, Service},
    login::Authenticator,
    middleware::Layers,
    session::{self, Side},
    subscription::Hub,
    wire::system,
};

/// What a server is set up with, beside what it serves.
pub(super) struct Settings {
    pub(super) id: String,
    pub(super) max_clients: usize,
    pub(super) codecs: Arc<[Codec]>,
    pub(super) limits: Arc<Limits>,
    pub(super) authenticator: Option<Arc<dyn Authenticator>>,
    /// Who is logged in on every connection from its beginning.
    pub(super) actor: Option<Actor>,
    pub(super) audit: Arc<Audit>,
    pub(super) judge: Judge,
}

pub(crate) struct Core {
    settings: Settings,
    started: Instant,
    pub(super) routes: Arc<Routes>,
    pub(super) services: Vec<Service>,
    pub(super) gate: Arc<Gate>,
    pub(super) hub: Arc<Hub>,
    /// The connections that this server drives itself.
    sessions: TaskTracker,
    /// Taken out and told as a whole: nothing of a user's runs under the lock.
    peers: RwLock<Arc<Vec<Arc<Peer>>>>,
    next_peer: AtomicU64,
    /// How many of the peers hear no bus: changed with them, under their lock.
    pub(super) alone: AtomicUsize,
    pub(super) throttle: Arc<Throttle>,
    /// Held while it is decided whose a client's id is.
    deciding_whose: Mutex<()>,
    /// What tokens are known by.
    token_key: RandomState,
    /// Where announcements reach everybody of an engine at once.
    buses: RwLock<Arc<Vec<Arc<dyn Link>>>>,
}

impl Core {
    pub(super) fn new(
        settings: Settings,
        served: Vec<ServedContract>,
        layers: &Layers,
    ) -> Result<Arc<Self>, DuplicateContract> {
        let gate = Arc::new(Gate::new());
        let throttle = Arc::new(Throttle::new(&settings.limits));
        let (routes, services) = Routes::new(served, &gate, layers, &settings.audit)?;
        Ok(Arc::new(Self {
            settings,
            started: Instant::now(),
            routes,
            services,
            gate,
            hub: Arc::default(),
            sessions: TaskTracker::new(),
            peers: RwLock::default(),
            next_peer: AtomicU64::new(1),
            alone: AtomicUsize::new(0),
            throttle,
            deciding_whose: Mutex::default(),
            token_key: RandomState::new(),
            buses: RwLock::default(),
        }))
    }

    pub(crate) fn id(&self) -> &str {
        &self.settings.id
    }

    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many clients are connected.
    pub(super) fn connected(&self) -> usize {
        self.read().len()
    }

    pub(super) fn authenticator(&self) -> Option<&Arc<dyn Authenticator>> {
        self.settings.authenticator.as_ref()
    }

    pub(super) fn actor(&self) -> Option<&Actor> {
        self.settings.actor.as_ref()
    }

    pub(super) fn audit(&self) -> &Arc<Audit> {
        &self.settings.audit
    }

    pub(super) fn judge(&self) -> &Judge {
        &self.settings.judge
    }

    /// Whether there is such a client.
    pub(super) fn any_peer(&self, is: impl Fn(&Peer) -> bool) -> bool {
        self.read().iter().any(|peer| is(peer))
    }

    /// Who is logged in under a client's id, on the first such connection but this one.
    pub(super) fn owner_of(&self, client_id: &str, but: Option<u64>) -> Option<String> {
        let peers = Arc::clone(&self.read());
        let others = peers.iter().filter(|peer| Some(peer.key()) != but);
        others.filter(|peer| peer.caller().id() == client_id).find_map(|peer| peer.actor_id())
    }

    /// What a token is known by while somebody is logged in with it.
    pub(super) fn token_id(&self, token: &str) -> TokenId {
        TokenId::of(token, &self.token_key)
    }

    /// Nobody is logged in with this token any more, on any connection.
    pub(super) fn end_logins_with(&self, token: &str) {
        let token = self.token_id(token);
        let peers = Arc::clone(&self.read());
        peers.iter().for_each(|peer| peer.login().end(token));
    }

    /// Nobody gets a client's id meanwhile, nor logs in under one.
    pub(super) fn deciding_whose(&self) -> MutexGuard<'_, ()> {
        self.deciding_whose.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every connection that was told to end has ended, this long at most. Who does not
    /// take its goodbye is not waited for.
    pub(super) async fn ended(&self, limit: Duration) {
        self.sessions.close();
        if !self.sessions.is_empty() {
            let _ = timeout(limit, self.sessions.wait()).await;
        }
    }

    /// Tells those who asked for it that a client has come, or, with a reason, gone. Where there are
    /// logins, strangers are not told.
    pub(super) fn tell_presence(&self, info: &ClientInfo, gone: Option<EndReason>) {
        let name = if gone.is_some() { system::DISCONNECTED } else { system::CONNECTED };
        let number = self.routes.system_event(name);
        let strangers_too = self.authenticator().is_none();
        let is_told = |peer: &Peer| {
            peer.asked_for(number) && (strangers_too || peer.login().current().is_some())
        };
        if !self.read().iter().any(|peer| is_told(peer)) {
            return;
        }
        let presence = system::Presence {
            client_id: info.client_id.clone(),
            connection_id: info.connection_id.clone(),
            reason: gone.map(|reason| reason.to_string()),
            timestamp: system::timestamp(),
        };
        let event = system_event(name, Body::shared(Arc::new(presence)));
        // Whoever waits for room does not make a connection wait.
        drop(self.hand(&self.prepared(event), &Readers::Everybody, is_told));
    }

    /// Forgets a client.
    pub(super) fn forget(&self, peer: u64) {
        let mut peers = self.write();
        Arc::make_mut(&mut *peers).retain(|other| other.key() != peer);
        self.count_alone(&peers);
    }

    /// Ends everything at once.
    pub(super) fn cut(&self) {
        self.gate.cut();
        self.hub.end(EndReason::ServerStopped);
        self.dismiss();
    }

    /// Tells every client that the server has stopped, and forgets them all.
    pub(super) fn dismiss(&self) {
        let peers = {
            let mut peers = self.write();
            self.alone.store(0, Ordering::Release);
            std::mem::take(&mut *peers)
        };
        for peer in peers.iter() {
            peer.dismiss(EndReason::ServerStopped);
        }
    }

    /// Counts those who hear no bus, so that an announcement asks nobody about it.
    fn count_alone(&self, peers: &[Arc<Peer>]) {
        let alone = peers.iter().filter(|peer| !peer.back().hears_bus()).count();
        self.alone.store(alone, Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, Arc<Vec<Arc<Peer>>>> {
        self.peers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Arc<Vec<Arc<Peer>>>> {
        self.peers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event of the system's own.
pub(super) fn system_event(name: &'static str, body: Body) -> Message {
    Message::new(Name::text(name), Context::new(), body)
}

impl Core {
    /// Notes a new client. Refused, it is handed back, with the reason.
    fn let_in(
        self: &Arc<Self>,
        hello: Hello,
        back: Arc<dyn Link>,
    ) -> Result<Arc<Peer>, (Arc<Peer>, Fault)> {
        let connection_id = Uuid::now_v7().to_string();
        let host: Arc<dyn Host> = Arc::clone(self) as _;
        let caller = Caller::new(hello, connection_id, Arc::downgrade(&host), back);
        let key = self.next_peer.fetch_add(1, Ordering::Relaxed);
        let peer = Arc::new(Peer::new(self, key, Arc::new(caller)));
        let mut peers = self.write();
        // Asked under the lock that `dismiss` takes: nobody is let in and then never dismissed.
        if self.gate.is_closed() {
            return Err((peer, Fault::stopped()));
        }
        let is_a_client = |peer: &&Arc<Peer>| peer.back().is_a_client();
        let most = self.settings.max_clients;
        let is_full = || peers.len() >= most && peers.iter().filter(is_a_client).count() >= most;
        if is_a_client(&&peer) && is_full() {
            let full = Fault::unavailable(format!(
                "the server {} has {} clients, as many as it takes: try again later, or raise its \
                 `max_clients`",
                self.id(),
                most
            ));
            return Err((peer, full));
        }
        Arc::make_mut(&mut *peers).push(Arc::clone(&peer));
        self.count_alone(&peers);
        Ok(peer)
    }
}

impl Core {
    /// Dismisses whoever does not log in in time, where one can.
    fn expect_login(&self, peer: &Arc<Peer>) {
        if self.authenticator().is_some() {
            tokio::spawn(Arc::clone(peer).expect_login(self.settings.limits.login));
        }
    }
}

impl Host for Core {
    fn accept(self: Arc<Self>, hello: Hello, back: Arc<dyn Link>) -> Result<Connected, Fault> {
        hello.check()?;
        let peer = self.let_in(hello, back).map_err(|(_, fault)| fault)?;
        if peer.back().must_log_in() {
            self.expect_login(&peer);
        }
        peer.announce(&self);
        let info = peer.caller().info();
        let contracts = self.routes.contracts().iter();
        Ok(Connected {
            server_id: self.id().to_owned(),
            client_id: info.client_id.clone(),
            connection_id: info.connection_id.clone(),
            contracts: Some(contracts.map(|contract| ContractVersion::of(contract)).collect()),
            link: peer,
        })
    }

    fn carry(self: Arc<Self>, duplex: Duplex) {
        let (back, driver) = session::open(duplex, &self.settings.limits, Side::Server);
        let peer =
            self.let_in(Hello::default(), Arc::clone(&back)).unwrap_or_else(|(stranger, fault)| {
                tracing::warn!(remote = driver.remote(), %fault, "a client was refused");
                let closed = self.gate.is_closed();
                let reason = if closed { EndReason::ServerStopped } else { EndReason::ServerFull };
                let error = Body::shared(Arc::new(system::ErrorEvent::new(&fault)));
                // It has a reason either way.
                let _ = back.publish(&Arc::new(system_event(system::ERROR, error)));
                stranger.dismiss(reason);
                stranger
            });
        self.expect_login(&peer);
        self.sessions.spawn(driver.run(peer));
    }

    fn codecs(&self) -> &Arc<[Codec]> {
        &self.settings.codecs
    }

    fn limits(&self) -> &Arc<Limits> {
        &self.settings.limits
    }

    fn id(&self) -> &str {
        &self.settings.id
    }

    fn contracts(&self) -> &[&'static ContractDescriptor] {
        self.routes.contracts()
    }

    fn announce_over(&self, bus: Arc<dyn Link>) {
        let mut buses = self.buses.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut *buses).push(bus);
    }

    fn broadcast(self: Arc<Self>, event: Message) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(async move { self.announce(event, None).done().await })
    }

    fn send_to(
        self: Arc<Self>,
        client_id: String,
        event: Message,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(async move { self.announce(event, Some(client_id)).done().await })
    }

    fn clients(&self) -> Vec<Arc<Caller>> {
        self.read().iter().map(|peer| Arc::clone(peer.caller())).collect()
    }
}
