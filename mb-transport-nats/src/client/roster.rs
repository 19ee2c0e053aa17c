//! The servers that a client knows.

use mb_core::{ContractVersion, Fault};
use tokio::time::Instant;

use crate::join::Joined;

/// Every server that has let the client in, in the order in which they did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    pub(crate) servers: Vec<Known>,
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
    /// Whether it has yet to answer to what the client has said anew of itself.
    pub(crate) asked: bool,
}

impl Roster {
    pub(crate) fn add(&mut self, joined: Joined) {
        self.remove(&joined.instance.clone());
        self.servers.push(Known { joined, seen: Instant::now(), answered: true, asked: false });
    }

    /// Whether there was one of this token.
    pub(crate) fn remove(&mut self, instance: &str) -> bool {
        let before = self.servers.len();
        self.servers.retain(|known| known.joined.instance != instance);
        before != self.servers.len()
    }

    pub(crate) fn knows(&self, instance: &str) -> bool {
        self.servers.iter().any(|known| known.joined.instance == instance)
    }

    /// From now on, everybody who is there has yet to answer.
    pub(crate) fn ask_all(&mut self) {
        self.servers.iter_mut().for_each(|known| known.asked = true);
    }

    /// Whether everybody has who is still there.
    pub(crate) fn all_heard(&self) -> bool {
        self.servers.iter().all(|known| !known.asked)
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
