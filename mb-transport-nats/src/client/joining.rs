//! Getting to know the servers: all of them at first, a single one whenever it comes later.

use std::{sync::Arc, time::Duration};

use mb_core::{ContractVersion, Endpoint, Fault};
use tokio::time::{Instant, timeout, timeout_at};

use super::{all_there, roster::Roster, shared::Shared};
use crate::outbound::tell;

/// How long a client waits for one more server to answer, when it has what it needs, and when a
/// contract is still missing.
const SETTLED: Duration = Duration::from_millis(30);
const MISSING: Duration = Duration::from_millis(250);

/// How long until a client that nobody has answered asks again: what it asked may have gone to a
/// server that is not there any more, and that the engine has not missed yet.
const AGAIN: Duration = Duration::from_millis(250);

/// How long one server may take to let a client in that it asks to come.
pub(crate) const JOINING: Duration = Duration::from_secs(5);

/// Joins whoever is there. Done as soon as every contract is there that the client speaks; one that
/// says nothing of contracts waits until nobody else answers.
pub(crate) async fn join_all(
    shared: &Arc<Shared>,
    endpoint: &Endpoint,
    speaks: &[ContractVersion],
) -> Result<Roster, Fault> {
    let deadline = Instant::now() + shared.limits.handshake.min(Duration::from_secs(3600));
    let mut changes = shared.roster.subscribe();
    ask_all(shared);
    loop {
        let now = changes.borrow_and_update().clone();
        if now.nobody {
            return Err(nobody(endpoint));
        }
        let complete = all_there(speaks, &now.contracts());
        if complete && !speaks.is_empty() {
            return Ok(now);
        }
        let until = if now.servers.is_empty() && now.refused.is_none() {
            deadline.min(Instant::now() + AGAIN)
        } else {
            deadline.min(Instant::now() + if complete { SETTLED } else { MISSING })
        };
        if timeout_at(until, changes.changed()).await.is_ok() {
            continue;
        }
        let now = changes.borrow().clone();
        if !now.servers.is_empty() {
            return Ok(now);
        }
        if now.refused.is_none() && Instant::now() < deadline {
            ask_all(shared);
            continue;
        }
        let late = || {
            let limit = shared.limits.handshake;
            Fault::unavailable(format!("{endpoint} did not let this client in within {limit:?}"))
        };
        return Err(now.refused.unwrap_or_else(late));
    }
}

/// The engine is there, and nobody behind it.
pub(super) fn nobody(endpoint: &Endpoint) -> Fault {
    Fault::unavailable(format!(
        "nobody serves {endpoint}: the NATS server is there, start a server under this path"
    ))
}

/// Joins one server, which may have forgotten the client, or may be new. Says whether it has answered:
/// it may have left.
pub(crate) async fn join_one(shared: &Shared, instance: &str) -> Result<bool, Fault> {
    let (mut changes, now) = (shared.roster.subscribe(), Instant::now());
    shared.roster.send_modify(|roster| roster.refused = None);
    ask_one(shared, instance);
    let (mut has_left, login) = (false, shared.join().login.number);
    let answered = changes.wait_for(|roster| {
        has_left = roster.left_since(instance, now);
        has_left || roster.joined_since(instance, now, login) || roster.refused.is_some()
    });
    match timeout(JOINING, answered).await.map(|answered| answered.is_ok()) {
        Ok(true) => Ok(!has_left),
        _ => Err(Fault::unavailable("the server did not let this client in")),
    }
}

/// Says to every server who the client is.
pub(crate) fn ask_all(shared: &Shared) {
    ask(shared, shared.space.system("door.join"), shared.reply("join"));
}

/// Says it to one of them, whose absence the engine tells.
pub(crate) fn ask_one(shared: &Shared, instance: &str) {
    let whom = shared.space.system(&format!("srv.{instance}.join"));
    ask(shared, whom, shared.reply(&format!("{ONE}{instance}")));
}

/// What the answer of one server in particular comes to.
pub(super) const ONE: &str = "join_";

fn ask(shared: &Shared, whom: async_nats::Subject, reply: String) {
    let join = serde_json::to_vec(&*shared.join()).unwrap_or_default();
    tell(&shared.out.nats, whom, Some(reply), join.into());
}
