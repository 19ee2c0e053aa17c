//! What a client may do: asked of the contract's rules, about whoever is logged in on its connection,
//! before anything of what it sent is looked at. What the client itself says of who it is counts for
//! nothing, unless it has logged in as a gateway.

use std::sync::Arc;

use mb_core::{Actor, Context, Fault, FaultKind, Streaming};
use tokio::runtime::Handle;

use super::{Peer, Session, watched};
use crate::{
    access::{Action, Readers, Rule, Who, refused},
    dispatch::ServedEvent,
};

/// As whom a message was let in.
#[derive(Default)]
pub(super) struct Admitted {
    /// Who was logged in then. Whoever logs in after that has not asked for it.
    session: Option<Arc<Session>>,
    /// Whom a gateway acts for, where the client is one.
    acts_for: Option<Arc<Actor>>,
}

impl Peer {
    /// Turns what the client sent into what the server sees, if the client may send it.
    #[inline]
    pub(super) fn admit(
        &self,
        rule: Option<&Rule>,
        context: &mut Context,
    ) -> Result<Admitted, Fault> {
        context.receive(Arc::clone(&self.caller));
        if self.takes_logins || rule.is_some() {
            self.identify(rule, context)
        } else {
            Ok(Admitted::default())
        }
    }

    /// Asks the rule about who is logged in now, and adds who that is.
    #[inline(never)]
    fn identify(&self, rule: Option<&Rule>, context: &mut Context) -> Result<Admitted, Fault> {
        let session = self.login.current();
        let mut acts_for = None;
        match &session {
            Some(gateway) if gateway.is_gateway && context.claimed_actor().is_some() => {
                acts_for = Some(self.identify_other(rule, context, gateway)?);
            }
            _ => {
                if let Some(rule) = rule {
                    self.permit(rule, session.as_deref())?;
                }
                context.act(session.as_ref().map(|own| Arc::clone(&own.login.actor)), None);
            }
        }
        Ok(Admitted { session, acts_for })
    }

    /// Asks the rule about whom a gateway names. There may be any number of them, so each is weighed
    /// when they come.
    #[cold]
    fn identify_other(
        &self,
        rule: Option<&Rule>,
        context: &mut Context,
        gateway: &Session,
    ) -> Result<Arc<Actor>, Fault> {
        let actor = Arc::new(context.claimed_actor().cloned().unwrap_or_default());
        if actor.id.is_empty() {
            let reason = "whoever a gateway acts for has an id";
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        }
        let gateway = &gateway.login.actor;
        if let Some(rule) = rule {
            let by_contract = rule.access.allows(rule.contract, Some(&actor));
            self.decide(rule, self.who(Some(&actor), Some(gateway)), by_contract)?;
        }
        context.act(Some(Arc::clone(&actor)), Some(Arc::clone(gateway)));
        Ok(actor)
    }

    #[inline]
    fn permit(&self, rule: &Rule, session: Option<&Session>) -> Result<(), Fault> {
        let by_contract = session.is_some_and(|session| session.rights.has(rule));
        let actor = session.map(|session| &*session.login.actor);
        self.decide(rule, self.who(actor, None), by_contract)
    }

    #[inline]
    fn decide(&self, rule: &Rule, who: Who<'_>, by_contract: bool) -> Result<(), Fault> {
        let allowed = self.judge.allows(rule, rule.action, who, by_contract);
        self.audit.decided(rule, rule.action, who, allowed);
        if allowed { Ok(()) } else { Err(refused(rule.name, who.actor.is_some())) }
    }

    #[inline]
    fn who<'a>(&'a self, actor: Option<&'a Actor>, gateway: Option<&'a Actor>) -> Who<'a> {
        Who { actor, gateway, client_id: self.caller.id() }
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
        let rule = match readers {
            Readers::Everybody => return true,
            Readers::Nobody => return false,
            Readers::Those(rule) => rule,
        };
        let session = self.login.current();
        let by_contract = session.as_deref().is_some_and(|session| session.rights.has(rule));
        let actor = session.as_deref().map(|session| &*session.login.actor);
        self.judge.allows(rule, Action::Subscribe, self.who(actor, None), by_contract)
    }

    /// A stream that ends when whoever asked for it logs out, or may not read it any more.
    pub(super) fn while_allowed(&self, items: Streaming, rule: Rule, by: Admitted) -> Streaming {
        let Admitted { session: first, acts_for: other } = by;
        let runtime = self.core.upgrade().and_then(|core| core.gate.runtime().cloned());
        let runtime = runtime.or_else(|| Handle::try_current().ok());
        let (judge, caller) = (self.judge.clone(), Arc::clone(&self.caller));
        let reader = other.clone();
        let may = move |session: Option<&Session>| {
            let own = session.map(|session| &*session.login.actor);
            let (actor, gateway, by_contract) = match &reader {
                None => (own, None, session.is_some_and(|session| session.rights.has(&rule))),
                // Whoever is no gateway any more acts for nobody. Whom it names was weighed before.
                Some(_) if !session.is_some_and(|session| session.is_gateway) => return false,
                Some(other) => (Some(&**other), own, true),
            };
            let who = Who { actor, gateway, client_id: caller.id() };
            judge.allows(&rule, Action::Stream, who, by_contract)
        };
        let (audit, caller) = (Arc::clone(&self.audit), Arc::clone(&self.caller));
        let told = move |session: Option<&Session>| {
            let own = session.map(|session| &*session.login.actor);
            let (actor, gateway) = match &other {
                None => (own, None),
                Some(other) => (Some(&**other), own),
            };
            let who = Who { actor, gateway, client_id: caller.id() };
            audit.decided(&rule, Action::Stream, who, false);
            refused(rule.name, own.is_some())
        };
        let sessions = self.login.watch();
        watched::stream(items, watched::end_of_access(first, sessions, runtime, may, told))
    }
}
