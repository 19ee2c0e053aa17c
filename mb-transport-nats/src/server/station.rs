//! What a server's driver, its links and its discovery share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU64},
    time::{Duration, SystemTime},
};

use async_nats::{Client, Subject};
use mb_core::{Codec, ContractDescriptor, EndReason, Host, Limits};
use rustc_hash::FxHashMap;
use tokio::{
    runtime::Handle,
    sync::{
        Notify,
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    back::Back,
    bearers::Bearers,
    bus::stamp,
    logins::Logins,
    places::Places,
    stats::{Announced, Endpoint},
};
use crate::{join::Joined, served::Served, subjects::Space};

pub(crate) struct Station {
    pub(crate) nats: Client,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) space: Space,
    /// This server's own token: several may share an id.
    pub(crate) instance: Arc<str>,
    /// What its reply subjects begin with, a dot at its end.
    pub(crate) base: String,
    /// The queue group of a contract.
    pub(crate) queue: Option<String>,
    /// Where durable events are kept, if there are any.
    pub(crate) jetstream: Option<async_nats::jetstream::Context>,
    /// What events are written in.
    pub(crate) codec: Codec,
    pub(crate) codecs: Arc<[Codec]>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) started: SystemTime,
    /// By the subjects of requests.
    pub(crate) endpoints: FxHashMap<String, Arc<Endpoint>>,
    /// By full name.
    pub(crate) events: FxHashMap<&'static str, Announced>,
    /// Where the announcer of an event is reached: what tells who it is.
    pub(crate) from: Subject,
    clients: Mutex<Clients>,
    /// Those who are no magicbutton clients, all together.
    pub(crate) anonymous: OnceLock<Arc<Served>>,
    /// Those who show a token with each message.
    pub(crate) bearers: Bearers,
    /// Told whenever it has become known who a client is.
    pub(crate) settled: watch::Sender<()>,
    /// Room for events that wait for that: of clients that have joined, and of others.
    pub(crate) held: Places,
    pub(crate) unheard_of: Places,
    /// Messages that are handed on when it is known who has sent them.
    pub(crate) handing: TaskTracker,
    /// Handlers at work.
    pub(crate) tracker: TaskTracker,
    pub(crate) commands: mpsc::Sender<Command>,
    /// The last barrier that has come back from the engine.
    pub(crate) barrier: watch::Sender<u64>,
    pub(crate) next: AtomicU64,
    /// What tells a barrier from whatever else comes to its inbox. Clients know where that is.
    pub(crate) own: String,
    /// There is an earlier deadline among the calls of clients.
    pub(crate) sooner: Arc<Notify>,
    /// When the connection with the engine was made again, the last time.
    pub(crate) regained: Mutex<Option<Instant>>,
    /// Messages that the engine's client has dropped.
    pub(crate) dropped: AtomicU64,
    /// The end: what is left is said, then nothing more.
    pub(crate) ending: CancellationToken,
}

/// What the driver is asked for.
pub(crate) enum Command {
    /// Take no requests and no clients any more.
    Leave,
    /// Say goodbye to one client.
    Dismiss(String, EndReason),
}

/// Who has joined.
#[derive(Default)]
struct Clients {
    /// By what their reply subjects begin with.
    by_base: HashMap<String, Arc<Entry>>,
    by_number: HashMap<u128, Arc<Back>>,
}

/// One client that has joined.
pub(crate) struct Entry {
    pub(crate) served: Arc<Served>,
    pub(crate) back: Arc<Back>,
    pub(crate) joined: Joined,
    /// What its answers are known by: told to it alone, and guessed by nobody.
    pub(crate) number: u128,
    pub(crate) seen: Mutex<Instant>,
    pub(crate) logins: Logins,
    /// Room for its events until it is known who it is.
    pub(crate) held: Places,
}

impl Entry {
    /// Notes a sign of life.
    pub(crate) fn alive(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Station {
    pub(crate) fn contracts(&self) -> &[&'static ContractDescriptor] {
        self.host.contracts()
    }

    /// The queue group that the requests of a contract are shared in.
    pub(crate) fn group(&self, contract: &str) -> String {
        let name = self.queue.as_deref().unwrap_or(contract);
        crate::token::encode(name)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client whose reply subjects begin like this.
    pub(crate) fn client(&self, base: &str) -> Option<Arc<Entry>> {
        self.clients().by_base.get(base).cloned()
    }

    /// The client that a request for it was numbered for.
    pub(crate) fn back(&self, number: u128) -> Option<Arc<Back>> {
        self.clients().by_number.get(&number).cloned()
    }

    pub(crate) fn add(&self, base: String, entry: Arc<Entry>) {
        let mut clients = self.clients();
        clients.by_number.insert(entry.number, Arc::clone(&entry.back));
        clients.by_base.insert(base, entry);
    }

    /// Forgets a client.
    pub(crate) fn remove(&self, base: &str) -> Option<Arc<Entry>> {
        let mut clients = self.clients();
        let entry = clients.by_base.remove(base)?;
        clients.by_number.remove(&entry.number);
        Some(entry)
    }

    /// Everybody, as they are now.
    pub(crate) fn everybody(&self) -> Vec<(String, Arc<Entry>)> {
        let clients = self.clients();
        clients.by_base.iter().map(|(base, entry)| (base.clone(), Arc::clone(entry))).collect()
    }

    /// Asks the driver for something, from where nothing can be waited for. Each client does that once.
    pub(crate) fn ask_driver(&self, command: Command) {
        if let Err(TrySendError::Full(command)) = self.commands.try_send(command)
            && let Ok(runtime) = Handle::try_current()
        {
            let commands = self.commands.clone();
            runtime.spawn(async move { commands.send(command).await });
        }
    }

    /// A reply subject that only the server itself knows.
    pub(crate) fn barrier_subject(&self, which: impl std::fmt::Display) -> String {
        format!("{}{}.{which}", self.base, self.own)
    }
}

/// How many events may wait until it is known whose they are, of one client as well, and of those who
/// have not joined.
const HELD: usize = 1024;
pub(super) const HELD_OF_ONE: usize = 256;
const UNHEARD_OF: usize = 64;

/// How long JetStream may take to say that it has an event, before it is sent again.
const STORED: Duration = Duration::from_secs(2);

/// Everything else, made anew.
pub(crate) struct Parts {
    pub(crate) nats: Client,
    pub(crate) inbox: String,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) space: Space,
    pub(crate) queue: Option<String>,
    pub(crate) codec: Codec,
    pub(crate) codecs: Arc<[Codec]>,
    pub(crate) commands: mpsc::Sender<Command>,
}

impl Station {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { nats, inbox, host, space, queue, codec, codecs, commands } = parts;
        let base = format!("{inbox}.");
        let instance: Arc<str> = uuid::Uuid::now_v7().simple().to_string().into();
        let mut endpoints = FxHashMap::default();
        for contract in host.contracts() {
            for request in contract.requests {
                let subject = space.of(contract.name, contract.major(), "req", request.name);
                if let Some(subject) = subject.map(|subject| subject.to_string()) {
                    let name = crate::token::encode(request.name);
                    let endpoint = Endpoint::new(request.full_name, name, subject.clone());
                    endpoints.insert(subject, Arc::new(endpoint));
                }
            }
        }
        let mut events = FxHashMap::default();
        for contract in host.contracts() {
            for event in contract.events {
                if let Some(subject) = space.of(contract.name, contract.major(), "evt", event.name)
                {
                    let (stamp, durable) = (stamp(contract), event.durable);
                    events.insert(event.full_name, Announced { subject, stamp, durable });
                }
            }
        }
        let from = space.system(&format!("srv.{instance}.evt"));
        let durable = host.contracts().iter().flat_map(|contract| contract.events);
        let durable = durable.into_iter().any(|event| event.durable);
        let jetstream = durable.then(|| {
            let builder = async_nats::jetstream::ContextBuilder::new();
            builder.ack_timeout(STORED).build(nats.clone())
        });
        Self {
            limits: Arc::clone(host.limits()),
            nats,
            host,
            space,
            instance,
            base,
            queue,
            jetstream,
            codec,
            codecs,
            started: SystemTime::now(),
            endpoints,
            events,
            from,
            clients: Mutex::default(),
            anonymous: OnceLock::new(),
            bearers: Bearers::default(),
            settled: watch::Sender::new(()),
            held: Places::new(HELD),
            unheard_of: Places::new(UNHEARD_OF),
            handing: TaskTracker::new(),
            tracker: TaskTracker::new(),
            commands,
            barrier: watch::Sender::new(0),
            next: AtomicU64::new(1),
            own: uuid::Uuid::new_v4().simple().to_string(),
            sooner: Arc::default(),
            regained: Mutex::default(),
            dropped: AtomicU64::new(0),
            ending: CancellationToken::new(),
        }
    }
}
