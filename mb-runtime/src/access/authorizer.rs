//! Who decides whether somebody may, where the contract's own rules are not all there is to it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use mb_core::{Access, Actor};

use super::{Action, Rule};
use crate::panics::panic_text;

/// What an [`Authorizer`] is asked: whether somebody may do something, and what the contract says.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Question<'a> {
    /// Who wants to; `None` where nobody is logged in.
    pub actor: Option<&'a Actor>,
    /// The gateway that asks for them, if one does: see [`Actor::ACT_FOR`].
    pub gateway: Option<&'a Actor>,
    /// The id of the client. It chose that itself: an address, not a proof.
    pub client_id: &'a str,
    /// What they want to do.
    pub action: Action,
    /// With what: the full name of the request or event, `orders/createOrder`.
    pub name: &'static str,
    /// What the contract says about it.
    pub rule: &'static Access,
    /// Whether they may by that rule.
    pub by_contract: bool,
}

/// Decides who may do what on a server: see
/// [`ServerBuilder::authorizer`](crate::ServerBuilder::authorizer). A closure over a [`Question`] is
/// one; [`ContractRules`] is what a server has unless it is given another.
///
/// It is asked about everything that is not `public`: each request and event that a client sends, each
/// subscription, each event for each client that it may go to, and a stream whenever the login of its
/// reader changes. It answers at once, in the task that serves the client, so it looks up what it needs
/// in memory. One that panics has said no. A rule that has to ask somebody else is a `guard` of the
/// contract, or a middleware.
pub trait Authorizer: Send + Sync + 'static {
    /// Whether they may.
    fn allows(&self, question: &Question<'_>) -> bool;

    /// Whoever may by both.
    fn and(self, other: impl Authorizer) -> impl Authorizer
    where
        Self: Sized,
    {
        move |question: &Question<'_>| self.allows(question) && other.allows(question)
    }

    /// Whoever may by either.
    fn or(self, other: impl Authorizer) -> impl Authorizer
    where
        Self: Sized,
    {
        move |question: &Question<'_>| self.allows(question) || other.allows(question)
    }
}

impl<F> Authorizer for F
where
    F: Fn(&Question<'_>) -> bool + Send + Sync + 'static,
{
    fn allows(&self, question: &Question<'_>) -> bool {
        self(question)
    }
}

/// The rules of the contracts, and nothing else. To be put together with others:
/// `ContractRules.and(|question: &Question<'_>| is_open(question.name))`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContractRules;

impl Authorizer for ContractRules {
    fn allows(&self, question: &Question<'_>) -> bool {
        question.by_contract
    }
}

/// Who wants to do something.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) actor: Option<&'a Actor>,
    pub(crate) gateway: Option<&'a Actor>,
    pub(crate) client_id: &'a str,
}

/// The authorizer of a server. Without one of its own, what the contract says is asked nowhere else.
#[derive(Clone, Default)]
pub(crate) struct Judge(Option<Arc<dyn Authorizer>>);

impl Judge {
    pub(crate) fn new(authorizer: impl Authorizer) -> Self {
        Self(Some(Arc::new(authorizer)))
    }

    /// Whether they may, given what the contract says.
    #[inline]
    pub(crate) fn allows(
        &self,
        rule: &Rule,
        action: Action,
        who: Who<'_>,
        by_contract: bool,
    ) -> bool {
        match &self.0 {
            None => by_contract,
            Some(authorizer) => ask(&**authorizer, rule, action, who, by_contract),
        }
    }
}

#[cold]
fn ask(
    authorizer: &dyn Authorizer,
    rule: &Rule,
    action: Action,
    who: Who<'_>,
    by_contract: bool,
) -> bool {
    let Who { actor, gateway, client_id } = who;
    let (name, rule) = (rule.name, rule.access);
    let question = Question { actor, gateway, client_id, action, name, rule, by_contract };
    catch_unwind(AssertUnwindSafe(|| authorizer.allows(&question))).unwrap_or_else(|panic| {
        tracing::error!(name, error = panic_text(&*panic), "the authorizer panicked");
        false
    })
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "its own" } else { "the contracts'" })
    }
}
