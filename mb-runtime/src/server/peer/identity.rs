//! Whose a client's id is. A client chooses its id itself, so an id alone proves nothing; where somebody
//! is logged in with it, it is theirs for as long as they are, and nobody else's.

use std::sync::Arc;

use mb_core::{Actor, Caller, ClientInfo, Fault, FaultKind, Hello};

use super::{Peer, Session, session_login::Turn};
use crate::server::Core;

/// A connection, and the client that it says it is.
pub(in crate::server) struct Identity {
    key: u64,
    caller: Arc<Caller>,
}

impl Identity {
    /// Lets somebody log in, unless somebody else is logged in under their client's id, or `place` is
    /// no longer theirs to fill.
    pub(in crate::server) fn take(
        &self,
        core: &Core,
        place: Turn,
        session: Session,
    ) -> Result<(), (Session, NotTaken)> {
        // Two at once are not both let in because neither is there yet.
        let _one_at_a_time = core.deciding_whose();
        match self.check(core, self.caller.id(), &session.login.actor) {
            Err(fault) => Err((session, NotTaken::Refused(fault))),
            Ok(()) => place
                .fill(session)
                .map_err(|(session, by_logout)| (session, NotTaken::Overtaken { by_logout })),
        }
    }

    fn check(&self, core: &Core, client_id: &str, actor: &Actor) -> Result<(), Fault> {
        match core.owner_of(client_id, Some(self.key)) {
            Some(owner) if owner != actor.id => {
                let reason = "somebody else is logged in under this clientId: wait until they are \
                              gone, or take another";
                // They may be gone before long, or be a connection that nobody knows is dead.
                Err(Fault::new(FaultKind::Forbidden, reason).with_retryable(true))
            }
            _ => Ok(()),
        }
    }
}

/// Why somebody is not logged in who could be.
pub(in crate::server) enum NotTaken {
    /// The id is somebody else's.
    Refused(Fault),
    /// Somebody has logged in, or out, on the same connection since they began.
    Overtaken { by_logout: bool },
}

impl Peer {
    /// Notes who the client says it is, unless it is logged in, and somebody else is under this id.
    pub(in crate::server) fn register(
        &self,
        core: &Core,
        hello: Hello,
    ) -> Result<ClientInfo, Fault> {
        hello.check()?;
        let info = {
            let _one_at_a_time = core.deciding_whose();
            if let (Some(id), Some(session)) = (&hello.client_id, self.login.current()) {
                self.identity().check(core, id, &session.login.actor)?;
            }
            self.caller.register(hello)?.clone()
        };
        self.announce(core);
        Ok(info)
    }

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
