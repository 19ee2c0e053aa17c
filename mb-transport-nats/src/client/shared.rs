//! What a client's link and its driver share: where things go, who is there, and the end.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_nats::Subject;
use bytes::Bytes;
use mb_core::{Codec, EndReason, Fault, FaultKind, Limits, Link, Name};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Subjects,
    driver::Command,
    roster::{self, Roster},
    subscriptions::Subscriptions,
};
use crate::{join::Join, outbound::Outbound, requests::Route, served::Served, subjects::Space};

/// The longest name that is sent, in bytes. Nothing has a longer one.
const LONGEST_NAME: usize = 512;

pub(crate) struct Shared {
    pub(crate) out: Arc<Outbound>,
    pub(crate) space: Space,
    pub(crate) codec: Codec,
    /// What the client says of itself to every server.
    pub(crate) join: Mutex<Join>,
    /// How many logins and logouts there were.
    pub(crate) logins: AtomicU64,
    pub(crate) limits: Arc<Limits>,
    pub(crate) roster: watch::Sender<Roster>,
    /// Where declared requests go, by the address of their descriptors.
    pub(crate) subjects: RwLock<Subjects>,
    /// What the smallest server takes, in bytes.
    pub(crate) smallest: AtomicUsize,
    pub(crate) subscriptions: Mutex<Subscriptions>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) inbound: Arc<dyn Link>,
    /// Cancelled when the connection is over.
    pub(crate) over: CancellationToken,
    /// What the client serves, at work for its servers.
    pub(crate) served: Arc<Served>,
}

impl Shared {
    pub(crate) fn join(&self) -> MutexGuard<'_, Join> {
        self.join.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes who is there. Says whether anybody is left.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Roster)) -> bool {
        let mut left = false;
        self.roster.send_modify(|roster| {
            change(roster);
            left = !roster.servers.is_empty();
            self.smallest.store(roster.smallest(), Ordering::Relaxed);
        });
        // Another version may be there now.
        self.subjects.write().unwrap_or_else(PoisonError::into_inner).clear();
        left
    }

    /// The largest payload that may be sent, in bytes.
    pub(crate) fn limit(&self) -> usize {
        self.smallest.load(Ordering::Relaxed).min(self.out.nats.max_payload())
    }

    /// The major version of a contract that this client talks of: its own, where it has said which,
    /// or what somebody serves. `None` where nobody serves the contract.
    pub(crate) fn major_of(&self, contract: &str) -> Option<String> {
        let roster = self.roster.borrow();
        Some(self.spoken(contract, roster.major(contract)?))
    }

    fn spoken(&self, contract: &str, there: &str) -> String {
        let join = self.join();
        let spoken = join.contracts.iter().find(|spoken| spoken.name == contract);
        spoken.map_or(there, roster::major).to_owned()
    }

    /// Where something of this kind of a contract goes.
    pub(crate) fn subject_of(&self, contract: &str, kind: &str, name: &str) -> Option<Subject> {
        self.space.of(contract, &self.major_of(contract)?, kind, name)
    }

    /// Where every event of a contract is announced.
    pub(crate) fn events_of(&self, contract: &str) -> Option<String> {
        Some(self.space.all_of(contract, &self.major_of(contract)?, "evt"))
    }

    /// The way to whoever serves a request.
    pub(crate) fn route(&self, name: &Name) -> Result<Route, Fault> {
        if let Name::Request(declared) = name {
            let at = std::ptr::from_ref(*declared).addr();
            let known = self.subjects.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(subject) = known.get(&at).cloned() {
                return Ok(Route { subject, name: None });
            }
            drop(known);
            if let Some(subject) = self.by_full_name(declared.full_name) {
                let mut known = self.subjects.write().unwrap_or_else(PoisonError::into_inner);
                known.insert(at, subject.clone());
                return Ok(Route { subject, name: None });
            }
        } else if let Some(subject) = self.by_full_name(name.as_str()) {
            return Ok(Route { subject, name: None });
        }
        let text = name.as_str();
        if text.len() > LONGEST_NAME {
            let text: String = text.chars().take(100).collect();
            let reason = format!("unknown request `{text}..`: nothing has so long a name");
            return Err(Fault::new(FaultKind::UnknownRequest, reason));
        }
        let subject =
            if text.starts_with('$') { self.home(None)? } else { self.space.system("any") };
        Ok(Route { subject, name: Some(text.to_owned()) })
    }

    fn by_full_name(&self, name: &str) -> Option<Subject> {
        let (contract, name) = name.split_once('/')?;
        if name.is_empty() || name.len() > LONGEST_NAME {
            return None;
        }
        let major = {
            let roster = self.roster.borrow();
            self.spoken(contract, roster.last_major(contract)?)
        };
        self.space.of(contract, &major, "req", name)
    }

    /// Where the server of this contract takes what is for it alone.
    pub(crate) fn home(&self, contract: Option<&str>) -> Result<Subject, Fault> {
        let roster = self.roster.borrow();
        let home = roster.home(contract).ok_or_else(|| Fault::unavailable("no server is there"))?;
        Ok(self.space.system(&format!("srv.{}.req", home.instance)))
    }

    /// The connection is over, and not by this side's wish.
    pub(crate) fn lost(&self, reason: EndReason) {
        if self.out.pending.close(reason) {
            self.over.cancel();
            self.served.abort();
            self.inbound.close(reason);
        }
    }

    /// This side leaves.
    pub(crate) fn leave(&self, reason: EndReason) {
        if self.out.pending.close(reason) {
            self.over.cancel();
            self.served.abort();
            self.say_goodbye();
            // The driver hands what is left to the network. Full, it looks soon by itself.
            let _ = self.commands.try_send(Command::Leave);
        }
    }

    /// Has every server forget this side.
    pub(crate) fn say_goodbye(&self) {
        let subject = self.space.system("all.leave");
        self.out.tell(subject, Some(self.reply("leave")), Bytes::new());
    }

    /// A reply subject of the connection, for what has no slot.
    pub(crate) fn reply(&self, last: &str) -> String {
        format!("{}{last}", self.out.base)
    }
}
