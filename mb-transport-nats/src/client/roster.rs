//! The servers that a client knows.

use std::collections::VecDeque;

use mb_core::{ContractVersion, Fault};
use tokio::time::Instant;

use crate::join::Joined;

/// How many of those who have left are remembered, for whoever waits for their answer.
const LEFT: usize = 64;

/// Every server that has let the client in, in the order in which they did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    pub(crate) servers: Vec<Known>,
    /// What those served who have left.
    former: Vec<ContractVersion>,
    /// Who has left, and when: so many, the last.
    left: VecDeque<(String, Instant)>,
    /// What the last one said that did not let it in.
    pub(crate) refused: Option<Fault>,
    /// Nobody listened when it asked.
    pub(crate) nobody: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) joined: Joined,
    pub(crate) seen: Instant,
    /// Whether it has answered since the last round of signs of life began.
    pub(crate) answered: bool,
    /// When it has let the client in, the last time.
    pub(crate) since: Instant,
}

impl Roster {
    /// Notes a server. One that says so again keeps its place: what is asked of one alone goes on going
    /// to the same.
    pub(crate) fn add(&mut self, joined: Joined) {
        let now = Instant::now();
        let known = Known { joined, seen: now, answered: true, since: now };
        let same = |other: &&mut Known| other.joined.instance == known.joined.instance;
        match self.servers.iter_mut().find(same) {
            Some(before) => *before = known,
            None => self.servers.push(known),
        }
    }

    /// Whether there was one of this token.
    pub(crate) fn remove(&mut self, instance: &str) -> bool {
        self.left.truncate(LEFT - 1);
        self.left.push_front((instance.to_owned(), Instant::now()));
        let is_it = |known: &Known| known.joined.instance == instance;
        let Some(at) = self.servers.iter().position(is_it) else { return false };
        for contract in self.servers.remove(at).joined.contracts {
            self.former.retain(|former| former.name != contract.name);
            self.former.push(contract);
        }
        true
    }

    pub(crate) fn knows(&self, instance: &str) -> bool {
        self.servers.iter().any(|known| known.joined.instance == instance)
    }

    /// Whether one has let the client in since then, with this login.
    pub(crate) fn joined_since(&self, instance: &str, then: Instant, login: u64) -> bool {
        let is_it = |known: &Known| known.joined.instance == instance && known.since >= then;
        self.servers.iter().any(|known| is_it(known) && known.joined.login >= login)
    }

    /// Whether one has left since then.
    pub(crate) fn left_since(&self, instance: &str, then: Instant) -> bool {
        self.left.iter().any(|(who, when)| who == instance && *when >= then)
    }

    /// Whether everybody who is there has heard of this login.
    pub(crate) fn all_heard(&self, login: u64) -> bool {
        self.servers.iter().all(|known| known.joined.login >= login)
    }

    /// Every contract that somebody serves.
    pub(crate) fn contracts(&self) -> Vec<ContractVersion> {
        let mut contracts: Vec<ContractVersion> = Vec::new();
        for contract in self.servers.iter().flat_map(|known| &known.joined.contracts) {
            if !contracts.contains(contract) {
                contracts.push(contract.clone());
            }
        }
        contracts
    }

    /// A server of this contract, or any where none has it.
    pub(crate) fn home(&self, contract: Option<&str>) -> Option<&Joined> {
        let serves = |known: &&Known| {
            let mut contracts = known.joined.contracts.iter();
            contract.is_none_or(|name| contracts.any(|contract| contract.name == name))
        };
        let found = self.servers.iter().find(serves).or_else(|| self.servers.first());
        found.map(|known| &known.joined)
    }

    /// The major version of a contract that somebody serves.
    pub(crate) fn major(&self, contract: &str) -> Option<&str> {
        let contracts = self.servers.iter().flat_map(|known| &known.joined.contracts);
        let found = contracts.into_iter().find(|served| served.name == contract)?;
        Some(major(found))
    }

    /// The same, or of one that somebody has served before: another may come who does.
    pub(crate) fn last_major(&self, contract: &str) -> Option<&str> {
        let former = || self.former.iter().find(|former| former.name == contract).map(major);
        self.major(contract).or_else(former)
    }

    /// What the smallest of them takes, in bytes.
    pub(crate) fn smallest(&self) -> usize {
        let sizes = self.servers.iter().map(|known| known.joined.max_message);
        sizes.min().unwrap_or(usize::MAX)
    }
}

/// The first number of a contract's version.
pub(crate) fn major(contract: &ContractVersion) -> &str {
    contract.version.split('.').next().unwrap_or_default()
}
