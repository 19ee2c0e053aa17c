//! Who is told of each decision: the log of what was denied, and the hook of the server's own.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mb_core::{Access, Actor, RequestDescriptor};

use super::{Rule, Who};
use crate::panics::panic_text;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Send a request.
    Request,
    /// Go on reading a streamed reply.
    Stream,
    /// Subscribe to an event.
    Subscribe,
    /// Emit an event.
    Emit,
}

/// One decision about access, as [`ServerBuilder::audit`](crate::ServerBuilder::audit) is told of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// Who is logged in on the connection, or whom the gateway there acts for; `None` where nobody is.
    pub actor: Option<&'a Actor>,
    /// The gateway that acts for them, if one does: see [`Actor::ACT_FOR`].
    pub gateway: Option<&'a Actor>,
    /// The id of the client. It chose that itself: an address, not a proof.
    pub client_id: &'a str,
    /// What they want to do.
    pub action: Action,
    /// With what: the full name of the request or event, `orders/createOrder`.
    pub name: &'static str,
    /// What the contract says about it.
    pub rule: &'static Access,
    /// The guard that has decided, where the rule itself lets them in.
    pub guard: Option<&'static str>,
    /// Whether they may.
    pub allowed: bool,
}

/// The hook, and the log.
#[derive(Default)]
pub(crate) struct Audit(Option<Box<Hook>>);

type Hook = dyn Fn(&Decision<'_>) + Send + Sync;

impl Audit {
    pub(crate) fn new(hook: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(hook)))
    }

    /// Tells of a decision by a rule.
    #[inline]
    pub(crate) fn decided(&self, rule: &Rule, action: Action, who: Who<'_>, allowed: bool) {
        if allowed && self.0.is_none() {
            return;
        }
        let (name, access) = (rule.name, rule.access);
        if !allowed {
            let missing = match who.actor.map(|actor| access.lacks(rule.contract, actor)) {
                None => Missing::Login,
                Some(lacks) if lacks.is_empty() => Missing::Consent("the authorizer's consent"),
                Some(lacks) => Missing::Parts(lacks),
            };
            log(action, name, who, &missing);
        }
        self.tell(&decision(who, action, name, access, None, allowed));
    }

    /// Tells of a decision by a guard.
    pub(crate) fn guarded(&self, request: &'static RequestDescriptor, who: Who<'_>, allowed: bool) {
        let (action, name) = (Action::Request, request.full_name);
        if !allowed {
            log(action, name, who, &Missing::Consent("the guard's consent"));
        }
        self.tell(&decision(who, action, name, &request.access, request.guard, allowed));
    }

    /// Tells the hook.
    fn tell(&self, decision: &Decision<'_>) {
        if let Some(hook) = &self.0
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| hook(decision)))
        {
            tracing::error!(error = panic_text(&*panic), "an audit hook panicked");
        }
    }
}

#[inline]
fn decision<'a>(
    who: Who<'a>,
    action: Action,
    name: &'static str,
    rule: &'static Access,
    guard: Option<&'static str>,
    allowed: bool,
) -> Decision<'a> {
    let Who { actor, gateway, client_id } = who;
    Decision { actor, gateway, client_id, action, name, rule, guard, allowed }
}

#[cold]
fn log(action: Action, name: &str, who: Who<'_>, missing: &Missing) {
    let actor = who.actor.map(|actor| actor.id.as_str());
    let gateway = who.gateway.map(|gateway| gateway.id.as_str());
    let client_id = who.client_id;
    tracing::warn!(name, ?action, actor, gateway, client_id, %missing, "access was denied");
}

/// What was not met.
enum Missing {
    Login,
    /// Parts of the rule.
    Parts(Vec<Access>),
    /// What somebody has to say who is asked beside the rule.
    Consent(&'static str),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = match self {
            Self::Login => return f.write_str("a login"),
            Self::Consent(whose) => return f.write_str(whose),
            Self::Parts(parts) => parts,
        };
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}
