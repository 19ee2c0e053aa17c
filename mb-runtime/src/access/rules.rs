//! The rules of a server, numbered, and for one actor the numbers of those that let them in.

use mb_core::{Access, Actor, ContractDescriptor};

use super::Action;

/// The rule for one thing that somebody may do.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    /// Its place among the rules of its server.
    number: usize,
    pub(crate) contract: &'static ContractDescriptor,
    pub(crate) access: &'static Access,
    pub(crate) action: Action,
    /// The full name of the request or event.
    pub(crate) name: &'static str,
}

/// Every rule of a server. What is open to everybody has none.
#[derive(Default)]
pub(crate) struct Rules(Vec<Rule>);

/// Who gets an event.
pub(crate) enum Readers {
    Everybody,
    Nobody,
    Those(Rule),
}

/// What one actor may do: a bit for each rule.
#[derive(Default)]
pub(crate) struct Rights(Box<[u64]>);

impl Rules {
    /// Notes a rule, where there is one.
    pub(crate) fn add(
        &mut self,
        contract: &'static ContractDescriptor,
        access: &'static Access,
        action: Action,
        name: &'static str,
    ) -> Option<Rule> {
        if access.is_public() {
            return None;
        }
        let rule = Rule { number: self.0.len(), contract, access, action, name };
        self.0.push(rule);
        Some(rule)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the rules come to for somebody.
    pub(crate) fn rights_of(&self, actor: &Actor) -> Rights {
        let word = |rules: &[Rule]| {
            let met = |rule: &Rule| rule.access.allows(rule.contract, Some(actor));
            rules.iter().rev().fold(0, |bits, rule| bits << 1 | u64::from(met(rule)))
        };
        Rights(self.0.chunks(BITS).map(word).collect())
    }
}

const BITS: usize = u64::BITS as usize;

impl Rights {
    /// Whether a rule lets them in.
    #[inline]
    pub(crate) fn has(&self, rule: &Rule) -> bool {
        let word = self.0.get(rule.number / BITS);
        word.is_some_and(|word| word >> (rule.number % BITS) & 1 == 1)
    }
}
