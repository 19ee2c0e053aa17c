//! Who is told of each decision: the log of what was denied, and the hook of the server's own.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mb_core::{Access, Actor, Caller, RequestDescriptor};

use super::Rule;
use crate::dispatch::panic_text;

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
    /// Who is logged in on the connection; `None` where nobody is.
    pub actor: Option<&'a Actor>,
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
    pub(crate) fn decided(
        &self,
        rule: &Rule,
        action: Action,
        actor: Option<&Actor>,
        client_id: &str,
        allowed: bool,
    ) {
        if allowed && self.0.is_none() {
            return;
        }
        let (name, access) = (rule.name, rule.access);
        if !allowed {
            let lacks = actor.map(|actor| access.lacks(rule.contract, actor)).unwrap_or_default();
            log(action, name, actor, client_id, &Missing(&lacks));
        }
        self.tell(&Decision { actor, client_id, action, name, rule: access, guard: None, allowed });
    }

    /// Tells of a decision by a guard.
    pub(crate) fn guarded(
        &self,
        request: &'static RequestDescriptor,
        actor: Option<&Actor>,
        caller: Option<&Caller>,
        allowed: bool,
    ) {
        let (action, name) = (Action::Request, request.full_name);
        let client_id = caller.map_or("", Caller::id);
        if !allowed {
            log(action, name, actor, client_id, &format_args!("the guard's consent"));
        }
        let (rule, guard) = (&request.access, request.guard);
        self.tell(&Decision { actor, client_id, action, name, rule, guard, allowed });
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

#[cold]
fn log(
    action: Action,
    name: &str,
    actor: Option<&Actor>,
    client_id: &str,
    missing: &dyn fmt::Display,
) {
    let actor = actor.map(|actor| actor.id.as_str());
    tracing::warn!(name, ?action, actor, client_id, %missing, "access was denied");
}

/// What of a rule is not met: a login, or some of its parts.
struct Missing<'a>(&'a [Access]);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return f.write_str("a login") };
        first.fmt(f)?;
        others.iter().try_for_each(|other| write!(f, ", {other}"))
    }
}
