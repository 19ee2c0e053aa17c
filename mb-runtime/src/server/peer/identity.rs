//! Whose a client's id is. A client chooses its id itself, so an id alone proves nothing; where somebody
//! is logged in with it, it is theirs for as long as they are, and nobody else's.

use std::sync::Arc;

use mb_core::{Actor, Caller, Fault, FaultKind};

use super::Peer;
use crate::server::Core;

/// A connection, and the client that it says it is.
pub(in crate::server) struct Identity {
    key: u64,
    caller: Arc<Caller>,
}

impl Identity {
    /// Refuses somebody under whose client's id somebody else is logged in.
    pub(in crate::server) fn check(&self, core: &Core, actor: &Actor) -> Result<(), Fault> {
        self.check_id(core, self.caller.id(), actor)
    }

    /// The same, of an id that the client is about to take.
    pub(in crate::server) fn check_id(
        &self,
        core: &Core,
        client_id: &str,
        actor: &Actor,
    ) -> Result<(), Fault> {
        match core.owner_of(client_id, Some(self.key)) {
            Some(owner) if owner != actor.id => {
                let reason = "somebody else is logged in under this clientId";
                Err(Fault::new(FaultKind::Forbidden, reason))
            }
            _ => Ok(()),
        }
    }
}

impl Peer {
    /// Refuses what names another connected client as the one that sends it. An id that nobody has is
    /// a client's own business: it may not know the one that the server gave it.
    pub(in crate::server) fn speaks_for_itself(
        &self,
        core: &Core,
        client_id: Option<&str>,
        connection_id: Option<&str>,
    ) -> Result<(), Fault> {
        let own = self.caller.info();
        let others = |client: Option<&str>, connection: Option<&str>| {
            core.any_peer(|peer| {
                let info = peer.caller.info();
                client == Some(&*info.client_id) || connection == Some(&*info.connection_id)
            })
        };
        let client = client_id.filter(|id| *id != own.client_id);
        let connection = connection_id.filter(|id| *id != own.connection_id);
        if (client.is_some() || connection.is_some()) && others(client, connection) {
            let reason = "this is another client's id: a client speaks for itself";
            return Err(Fault::new(FaultKind::Forbidden, reason));
        }
        Ok(())
    }

    /// What is left of it where only who it is counts.
    pub(in crate::server) fn identity(&self) -> Identity {
        Identity { key: self.key, caller: Arc::clone(&self.caller) }
    }

    /// Whether somebody of this id is logged in on it.
    pub(in crate::server) fn is(&self, actor_id: &str) -> bool {
        self.login.current().is_some_and(|session| session.login.actor.id == actor_id)
    }

    /// Who is logged in on it.
    pub(in crate::server) fn actor_id(&self) -> Option<String> {
        self.login.current().map(|session| session.login.actor.id.clone())
    }
}
