//! What a client may do: asked of the contract's rules, about whoever is logged in on its connection,
//! before anything of what it sent is looked at. What the client itself says of who it is counts for
//! nothing.

use std::sync::Arc;

use mb_core::{Context, Fault, Streaming};
use tokio::runtime::Handle;

use super::{Peer, Session, watched};
use crate::{
    access::{Action, Readers, Rule, refused},
    dispatch::ServedEvent,
};

impl Peer {
    /// Turns what the client sent into what the server sees, if the client may send it.
    #[inline]
    pub(super) fn admit(&self, rule: Option<&Rule>, context: &mut Context) -> Result<(), Fault> {
        context.receive(Arc::clone(&self.caller));
        if self.takes_logins || rule.is_some() { self.identify(rule, context) } else { Ok(()) }
    }

    /// Asks the rule about who is logged in now, and adds who that is.
    #[inline(never)]
    fn identify(&self, rule: Option<&Rule>, context: &mut Context) -> Result<(), Fault> {
        let session = self.login.current();
        if let Some(rule) = rule {
            self.permit(rule, session.as_deref())?;
        }
        context.act(session.map(|session| Arc::clone(&session.login.actor)));
        Ok(())
    }

    #[inline]
    fn permit(&self, rule: &Rule, session: Option<&Session>) -> Result<(), Fault> {
        let allowed = session.is_some_and(|session| session.rights.has(rule));
        let actor = session.map(|session| &*session.login.actor);
        self.audit.decided(rule, rule.action, actor, self.caller.id(), allowed);
        if allowed { Ok(()) } else { Err(refused(rule.name, actor.is_some())) }
    }

    /// Whether it may ask for an event.
    pub(super) fn may_subscribe(&self, event: &ServedEvent) -> Result<(), Fault> {
        match &event.read {
            None => Ok(()),
            Some(rule) => self.permit(rule, self.login.current().as_deref()),
        }
    }

    /// Whether it may get an event now, whatever it has asked for, and whenever that was.
    pub(in crate::server) fn may_read(&self, readers: &Readers) -> bool {
        match readers {
            Readers::Everybody => true,
            Readers::Nobody => false,
            Readers::Those(rule) => {
                self.login.current().is_some_and(|session| session.rights.has(rule))
            }
        }
    }

    /// A stream that ends when whoever asked for it logs out, or may not read it any more.
    pub(super) fn while_allowed(&self, items: Streaming, rule: Rule) -> Streaming {
        let runtime = self.core.upgrade().and_then(|core| core.gate.runtime().cloned());
        let runtime = runtime.or_else(|| Handle::try_current().ok());
        let (audit, caller) = (Arc::clone(&self.audit), Arc::clone(&self.caller));
        let told = move |session: Option<&Session>| {
            let actor = session.map(|session| &*session.login.actor);
            audit.decided(&rule, Action::Stream, actor, caller.id(), false);
            refused(rule.name, actor.is_some())
        };
        let sessions = self.login.watch();
        watched::stream(items, watched::end_of_access(sessions, rule, runtime, told))
    }
}
