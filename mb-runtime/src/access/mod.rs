//! Who may do what on a server: the rules of all its contracts, what they come to for one actor, and
//! who is told of each decision.
//!
//! A rule is weighed once for each actor, when they log in. What is left for each message is one bit.

mod audit;
mod authorizer;
mod rules;

pub(crate) use audit::Audit;
pub use audit::{Action, Decision};
pub use authorizer::{Authorizer, ContractRules, Question};
pub(crate) use authorizer::{Judge, Who};
pub(crate) use rules::{Readers, Rights, Rule, Rules};

pub use mb_core::{Access, RoleDescriptor};
use mb_core::{Fault, FaultKind};

/// The answer to whoever may not. It names no permission: that is in the log.
pub(crate) fn refused(name: &str, is_anybody: bool) -> Fault {
    if is_anybody {
        Fault::new(
            FaultKind::Forbidden,
            format!("{name} is not allowed to this caller: the server's log says what is missing"),
        )
    } else {
        Fault::new(FaultKind::AuthenticationRequired, format!("{name} needs a login: log in first"))
    }
}
