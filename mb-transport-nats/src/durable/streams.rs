//! The streams of a contract: made where they are missing, and made to fit where they are there.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    stream::{Config, Republish},
};
use mb_core::{ContractDescriptor, Fault};

use crate::{subjects::Space, token::encode};

/// How long events are kept, and how long the dead are.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const DEAD_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the engine remembers ids, so that an event that was sent twice is stored once.
const DUPLICATES: Duration = Duration::from_secs(120);

/// What the streams of one contract are called, and where their events come from.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) live: String,
    pub(crate) dead: String,
    /// What the subjects of the dead begin with, a dot at its end.
    pub(crate) dead_subjects: String,
}

impl Names {
    pub(crate) fn new(space: &Space, contract: &str, major: &str) -> Self {
        let [prefix, contract_part, major_part] =
            [space.prefix(), &encode(contract), &encode(major)].map(part);
        let live = format!("{prefix}-{contract_part}-v{major_part}");
        let dead = format!("{live}-dead");
        let dead_subjects = space.dead(contract, major);
        Self { live, dead, dead_subjects }
    }
}

/// One part of a stream's name, of tokens and the dots between them. A stream's name has no dots, and
/// a `-` is what divides its parts: both are written like any other byte of a
/// [token](crate::token), so that two places never share a stream.
fn part(tokens: &str) -> String {
    tokens.replace('-', "_2d").replace('.', "_2e")
}

/// Makes sure of the streams of every contract with durable events. Done before a server takes
/// anything: an event that cannot be kept is noticed at the start.
pub(crate) async fn prepare(
    jetstream: &jetstream::Context,
    space: &Space,
    contracts: &[&'static ContractDescriptor],
) -> Result<(), Fault> {
    for contract in contracts {
        let durable = contract.events.iter().filter(|event| event.durable);
        let subjects: Vec<String> = durable
            .filter_map(|event| space.of(contract.name, contract.major(), "keep", event.name))
            .map(|subject| subject.to_string())
            .collect();
        if subjects.is_empty() {
            continue;
        }
        let names = Names::new(space, contract.name, contract.major());
        let about = format!("Durable events of {}", contract.name);
        let (source, destination) = space.said_anew(contract.name, contract.major());
        let republish = Some(Republish { source, destination, headers_only: false });
        ensure(jetstream, Wanted { name: names.live, subjects, max_age: KEPT, about, republish })
            .await?;
        let about = format!("Events of {} that could not be handled", contract.name);
        let subjects = vec![format!("{}>", names.dead_subjects)];
        let (name, max_age, republish) = (names.dead, DEAD_KEPT, None);
        ensure(jetstream, Wanted { name, subjects, max_age, about, republish }).await?;
    }
    Ok(())
}

struct Wanted {
    name: String,
    subjects: Vec<String>,
    max_age: Duration,
    about: String,
    republish: Option<Republish>,
}

async fn ensure(jetstream: &jetstream::Context, wanted: Wanted) -> Result<(), Fault> {
    let Wanted { name, subjects, max_age, about, republish } = wanted;
    let refused = |error: String| {
        let reason =
            format!("the JetStream stream `{name}` cannot be had: {error}: is JetStream on?");
        Fault::unavailable(reason).with_retryable(false)
    };
    let config = Config {
        name: name.clone(),
        subjects: subjects.clone(),
        description: Some(about),
        max_age,
        duplicate_window: DUPLICATES,
        republish: republish.clone(),
        ..Config::default()
    };
    let stream = jetstream.get_or_create_stream(config).await;
    let stream = stream.map_err(|error| refused(error.to_string()))?;
    // What an operator has set otherwise stays; what the contract needs is added.
    let there = &stream.cached_info().config;
    let silent = republish.is_some() && there.republish != republish;
    if silent || subjects.iter().any(|subject| !there.subjects.contains(subject)) {
        let mut config = there.clone();
        config.republish = republish.or(config.republish);
        config.subjects.extend(subjects);
        config.subjects.sort();
        config.subjects.dedup();
        jetstream.update_stream(&config).await.map_err(|error| {
            Fault::unavailable(format!(
                "the JetStream stream `{name}` is not what the contract needs, and cannot be \
                 changed: {error}: once its events are read, delete it: it is made anew"
            ))
            .with_retryable(false)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_places_never_share_a_stream() {
        let places = [
            ("/", "orders", "1"),
            ("/mb-orders", "orders", "1"),
            ("/mb", "orders-orders", "1"),
            ("/mb/orders", "orders", "1"),
            ("/mb_2eorders", "orders", "1"),
            ("/mb", "orders.orders", "1"),
            ("/mb", "orders", "1-dead"),
            ("/mb-orders-v1", "dead", "1"),
        ];
        let names = places.map(|(path, contract, major)| {
            let space = Space::new(path).unwrap();
            let Names { live, dead, .. } = Names::new(&space, contract, major);
            [live, dead]
        });
        let mut names: Vec<_> = names.into_iter().flatten().collect();
        assert_eq!(names.first().map(String::as_str), Some("mb-orders-v1"));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
        assert!(names.iter().all(|name| !name.contains('.')), "{names:?}");
    }
}
