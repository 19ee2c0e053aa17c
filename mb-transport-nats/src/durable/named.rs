//! The consumer behind a reader's name: made where there is none, brought up to date where it waits
//! otherwise, and left alone where it reads other events than are wanted.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, Consumer, IntoConsumerConfig, pull},
    stream::{ConsumerError, Stream},
};
use mb_core::{Durable, Fault, FaultKind};

use super::{Names, Place};
use crate::{
    subjects::last,
    token::{decode, encode},
};

/// How many events of one reader may be waiting for their acknowledgement.
const UNACKNOWLEDGED: i64 = 256;

/// The shortest time that an event may go unacknowledged.
const SHORTEST: Duration = Duration::from_millis(100);

/// How long an event may go unacknowledged.
pub(super) fn ack_wait(durable: &Durable) -> Duration {
    durable.ack_wait.max(SHORTEST)
}

/// The consumer of a durable reader.
pub(super) async fn consumer(
    jetstream: &jetstream::Context,
    place: &Place,
    names: &Names,
    durable: &Durable,
) -> Result<Consumer<pull::Config>, Fault> {
    let unavailable = |what: &str, error: String| {
        Fault::unavailable(format!("{what} `{}` cannot be had: {error}", names.live))
    };
    let stream: Stream = jetstream
        .get_stream(&names.live)
        .await
        .map_err(|error| unavailable("the stream", error.to_string()))?;
    let failed = |error: ConsumerError| unavailable("a consumer of the stream", error.to_string());
    let name = encode(&durable.name);
    let filter = filter(place, durable);
    let config = pull::Config {
        durable_name: Some(name.clone()),
        filter_subject: filter.clone(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ack_wait(durable),
        max_ack_pending: UNACKNOWLEDGED,
        ..pull::Config::default()
    };
    let consumer = stream.get_or_create_consumer(&name, config.clone()).await.map_err(failed)?;
    let there = &consumer.cached_info().config;
    if there.filter_subject != filter {
        let (reads, wanted) = (said(place, &there.filter_subject), said(place, &filter));
        let reader = &durable.name;
        let reason = format!(
            "the durable reader `{reader}` reads {reads}: who reads {wanted} needs another name"
        );
        return Err(Fault::new(FaultKind::ValidationFailed, reason));
    }
    // A list of pauses would count instead.
    let wanted = config.into_consumer_config();
    if there.ack_wait == wanted.ack_wait && there.backoff.is_empty() {
        return Ok(consumer);
    }
    // What an operator has set otherwise stays.
    let mut config = there.clone();
    config.ack_wait = wanted.ack_wait;
    config.backoff = Vec::new();
    stream.create_consumer(config).await.map_err(failed)?;
    Ok(consumer)
}

/// What a reader reads, as the engine is told: nothing for all there is.
fn filter(place: &Place, durable: &Durable) -> String {
    match durable.events.as_slice() {
        [event] => subject(place, event.name),
        _ => String::new(),
    }
}

/// The subject of an event.
fn subject(place: &Place, event: &str) -> String {
    let subject = place.space.of(&place.contract, &place.major, "keep", event);
    subject.map(|subject| subject.to_string()).unwrap_or_default()
}

/// The same for people.
fn said(place: &Place, filter: &str) -> String {
    let contract = &place.contract;
    if filter.is_empty() {
        return format!("every durable event of {contract}");
    }
    match decode(last(filter)) {
        Some(event) if subject(place, &event) == filter => format!("{contract}/{event}"),
        _ => format!("`{filter}`"),
    }
}
