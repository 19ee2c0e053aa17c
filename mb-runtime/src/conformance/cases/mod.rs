//! The cases, by what they are about. Each plays on a server of its own.

mod both_ways;
mod calls;
mod cancellation;
mod context;
mod contracts;
mod emitting;
mod events;
mod faults;
mod leaving;
mod limits;
mod reconnecting;
mod stopping;
mod streams;
mod system;

use futures_core::future::BoxFuture;

use super::{Arena, check::Outcome};

/// One promise, and how to see whether it is kept.
pub(super) struct Case {
    topic: &'static str,
    function: &'static str,
    pub(super) play: for<'a> fn(&'a dyn Arena) -> BoxFuture<'a, Outcome>,
}

impl Case {
    /// For people: `calls: a unit reply arrives`.
    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.topic.replace('_', " "), self.function.replace('_', " "))
    }
}

/// Every case, simple ones first.
pub(super) fn all() -> impl Iterator<Item = &'static Case> {
    [
        calls::CASES,
        faults::CASES,
        context::CASES,
        contracts::CASES,
        events::CASES,
        emitting::CASES,
        streams::CASES,
        cancellation::CASES,
        limits::CASES,
        both_ways::CASES,
        system::CASES,
        leaving::CASES,
        stopping::CASES,
        reconnecting::CASES,
    ]
    .into_iter()
    .flatten()
}

/// The functions of a file as its cases.
macro_rules! cases {
    ($topic:literal: $($function:ident),* $(,)?) => {
        pub(super) const CASES: &[super::Case] = &[$(super::Case {
            topic: $topic,
            function: stringify!($function),
            play: |arena| Box::pin($function(arena)),
        }),*];
    };
}
use cases;
