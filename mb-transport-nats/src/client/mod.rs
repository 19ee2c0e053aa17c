//! A client: a connection with the engine, every server behind it that has let the client in, and
//! the link over both.

mod driver;
mod joining;
mod link;
mod logins;
mod roster;
mod shared;
mod subscriptions;

use std::sync::{
    Arc, Mutex, RwLock,
    atomic::{AtomicU64, AtomicUsize},
};

use async_nats::Subject;
use mb_core::{
    Codec, Connected, Connection, ContractVersion, Dial, EndReason, Endpoint, Fault, Hello,
    codec_option,
};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{driver::Driver, joining::nobody, link::NatsLink, roster::Roster, shared::Shared};
use crate::{
    connect::{self, Side, invalid},
    join::{Join, LastLogin},
    options::Settings,
    outbound::Outbound,
    served::{Bounds, Served},
    transport::Nats,
};

/// How many new subscriptions may wait for the driver.
const COMMANDS: usize = 64;

/// Connects, and joins every server that serves under the prefix.
pub(crate) async fn connect(
    transport: &Nats,
    endpoint: &Endpoint,
    dial: Dial,
) -> Result<Connection, Fault> {
    let named = |why: String| invalid(format!("{endpoint}: {why}"));
    let settings = Settings::new(transport, endpoint).map_err(named)?;
    let codec = codec_option(endpoint, &dial.codecs)?
        .or_else(|| dial.codecs.first().cloned())
        .unwrap_or(Codec::JSON);
    let client_id = match dial.hello.client_id.clone() {
        Some(id) => id,
        None if dial.id.is_empty() => format!("client-{}", uuid::Uuid::now_v7()),
        None => dial.id.clone(),
    };
    let engine = {
        let (side, limit) = (Side::Client(endpoint), dial.limits.handshake);
        connect::open(&settings, side, &client_id, limit).await?
    };
    let nats = engine.nats;
    let inbox = connect::inbox(&settings);
    // Not of the inbox: whoever sees what is sent to a client does not learn where it has its answers.
    let connection = uuid::Uuid::new_v4().simple().to_string();
    let space = settings.space;
    let to = space
        .connection(&client_id, &connection)
        .ok_or_else(|| invalid("the client's id is too long to be part of a subject".to_owned()))?;
    let base = format!("{inbox}.");
    let (in_flight, codecs) = (dial.limits.in_flight, Arc::clone(&dial.codecs));
    let cancel = space.system("all.cancel");
    let out = Arc::new(Outbound::new(nats, base, cancel, in_flight, codecs));
    let bounds = Bounds::new(&dial.limits, dial.limits.max_message);
    let instance: Arc<str> = "".into();
    let tracker = TaskTracker::new();
    let served = Served::new(Arc::clone(&dial.inbound), bounds, &instance, &dial.codecs, &tracker);
    let (commands, received) = mpsc::channel(COMMANDS);
    let shared = Arc::new(Shared {
        out,
        space,
        codec,
        logins: AtomicU64::new(0),
        join: Mutex::new(join(&dial.hello, client_id, connection, dial.limits.max_message)),
        limits: Arc::clone(&dial.limits),
        roster: watch::Sender::new(Roster::default()),
        subjects: RwLock::default(),
        smallest: AtomicUsize::new(usize::MAX),
        subscriptions: Mutex::default(),
        commands,
        inbound: dial.inbound,
        over: CancellationToken::new(),
        served: Arc::new(served),
    });
    let driver = Driver::start(&shared, &to, received, (engine.health, engine.denied)).await?;
    tokio::spawn(driver.run());
    // Given up half-way, or refused, it leaves again.
    let mut provisional = Provisional(Some(shared));
    let joined = provisional.shared()?;
    let roster = joining::join_all(joined, endpoint, &dial.hello.speaks).await?;
    let first = roster.servers.first();
    let first = first.ok_or_else(|| nobody(endpoint))?;
    let link = Arc::new(NatsLink(provisional.keep()?));
    let connected = Connected {
        server_id: first.joined.server_id.clone(),
        client_id: first.joined.client_id.clone(),
        connection_id: first.joined.connection_id.clone(),
        contracts: Some(roster.contracts().into()),
        link,
    };
    Ok(Connection::Linked(connected))
}

/// A connection that is left unless somebody keeps it.
struct Provisional(Option<Arc<Shared>>);

impl Provisional {
    fn shared(&self) -> Result<&Arc<Shared>, Fault> {
        self.0.as_ref().ok_or_else(|| Fault::unavailable("the connection is over"))
    }

    fn keep(&mut self) -> Result<Arc<Shared>, Fault> {
        self.0.take().ok_or_else(|| Fault::unavailable("the connection is over"))
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.leave(EndReason::ClientDisconnected);
        }
    }
}

fn join(hello: &Hello, client_id: String, connection: String, max_message: usize) -> Join {
    let Hello { client_id: _, kind, capabilities, metadata, speaks, serves } = hello.clone();
    Join {
        client_id,
        connection,
        client_type: kind,
        capabilities,
        metadata,
        contracts: speaks,
        serves,
        max_message,
        login: LastLogin::default(),
    }
}

/// Where something of a contract goes, by contract and name.
type Subjects = rustc_hash::FxHashMap<usize, Subject>;

/// Whether every contract that is asked for is there in a compatible version.
fn all_there(asked: &[ContractVersion], served: &[ContractVersion]) -> bool {
    asked.iter().all(|asked| served.iter().any(|served| asked.is_compatible(served)))
}
