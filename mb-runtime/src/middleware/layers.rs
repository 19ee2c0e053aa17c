//! The middleware that a builder has collected.

use std::sync::Arc;

use super::Middleware;

/// What one message goes through, outermost first.
pub(crate) type Chain = Arc<[Arc<dyn Middleware>]>;

/// What was added for every message, and for some.
#[derive(Default, Clone)]
pub(crate) struct Layers {
    all: Vec<Arc<dyn Middleware>>,
    /// By full name.
    some: Vec<(&'static str, Arc<dyn Middleware>)>,
}

impl Layers {
    pub(crate) fn add(&mut self, middleware: impl Middleware) {
        self.all.push(Arc::new(middleware));
    }

    pub(crate) fn add_for(&mut self, name: &'static str, middleware: impl Middleware) {
        self.some.push((name, Arc::new(middleware)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.some.is_empty()
    }

    /// What a message of this full name goes through: what is there for all, then what is there for
    /// it.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<dyn Middleware>> {
        let its_own = self.some.iter().filter(move |(whose, _)| *whose == name);
        self.all.iter().chain(its_own.map(|(_, middleware)| middleware))
    }

    /// The same, as a chain.
    pub(crate) fn chain(&self, name: &str) -> Chain {
        self.of(name).cloned().collect()
    }

    /// Whether there is something for messages of this full name alone.
    pub(crate) fn has_some(&self, name: &str) -> bool {
        self.some.iter().any(|(whose, _)| *whose == name)
    }

    /// What messages go through that have nothing of their own.
    pub(crate) fn for_others(&self) -> Chain {
        self.all.iter().cloned().collect()
    }
}
