//! A durable reader: events one after another, acknowledged by the success of their handler, handed
//! out again when it fails, put aside when that has happened too often.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{self, AckKind};
use mb_core::{Codec, Consuming, Delivery, Durable, Fault, FaultKind, Handling, Message, Name};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{MESSAGE_ID, Names, named, pull::Pull};
use crate::{
    headers::{self, Headers},
    reply::body,
    subjects::{Space, last},
    token::{decode, encode},
};

/// The longest pause before an event is handed out again.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest reason that is kept with a dead event, in characters.
const REASON: usize = 500;

/// Where a durable reader reads.
pub(crate) struct Place {
    pub(crate) nats: async_nats::Client,
    pub(crate) space: Space,
    pub(crate) contract: String,
    pub(crate) major: String,
    pub(crate) codecs: Arc<[Codec]>,
    /// The end of the connection.
    pub(crate) over: CancellationToken,
}

struct Reader {
    jetstream: jetstream::Context,
    place: Place,
    names: Names,
    durable: Durable,
    handling: Handling,
}

/// Begins to read.
pub(crate) async fn consume(
    place: Place,
    durable: Durable,
    handling: Handling,
) -> Result<Consuming, Fault> {
    let jetstream = jetstream::new(place.nats.clone());
    let names = Names::new(&place.space, &place.contract, &place.major);
    let consumer = named::consumer(&jetstream, &place, &names, &durable).await?;
    let events = Pull::new(place.nats.clone(), jetstream.clone(), consumer).await;
    let events = events.map_err(|error| {
        Fault::unavailable(format!("events of `{}` cannot be had: {error}", names.live))
    })?;
    let reader = Reader { jetstream, place, names, durable, handling };
    Ok(Box::pin(reader.read(events)))
}

impl Reader {
    async fn read(self, mut events: Pull) {
        loop {
            let message = tokio::select! {
                () = self.place.over.cancelled() => return,
                message = events.next() => message,
            };
            match message {
                Ok(message) => self.message(message).await,
                Err(error) => {
                    tracing::debug!(%error, name = self.durable.name, "events are read anew");
                    return;
                }
            }
        }
    }

    /// Handles one event, and says what became of it. What cannot be said is said by silence: the
    /// event is handed out again.
    async fn message(&self, message: jetstream::Message) {
        let count = match message.info() {
            Ok(info) => u64::try_from(info.delivered).unwrap_or(1).max(1),
            Err(_) => return,
        };
        let failed = if count > self.durable.tries {
            // Whoever was handed it the last time has vanished with it.
            Err(Fault::unavailable("every reader that was handed it has vanished"))
        } else {
            self.handle(&message, count).await
        };
        let said = match failed {
            Ok(()) => message.ack_with(AckKind::Ack).await,
            Err(fault) if count >= self.durable.tries => {
                match self.bury(&message, count, &fault).await {
                    Ok(()) => message.ack_with(AckKind::Term).await,
                    Err(error) => {
                        tracing::warn!(%error, "a dead event cannot be put aside: it is tried again");
                        message.ack_with(AckKind::Nak(Some(LONGEST))).await
                    }
                }
            }
            Err(_) => message.ack_with(AckKind::Nak(Some(self.pause(count)))).await,
        };
        if let Err(error) = said {
            tracing::debug!(%error, "what became of an event could not be said");
        }
    }

    fn pause(&self, count: u64) -> Duration {
        let doubled = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
        self.durable.pause.saturating_mul(1 << doubled).min(LONGEST)
    }

    async fn handle(&self, message: &jetstream::Message, count: u64) -> Result<(), Fault> {
        let headers = message.headers.as_ref();
        let event = decode(last(&message.subject)).unwrap_or_default();
        let name = format!("{}/{event}", self.place.contract);
        let context = headers::context(headers)?;
        let context = match headers::get(headers, MESSAGE_ID) {
            Some(id) => context.with_id(id),
            None => context,
        };
        let body = body(headers, message.payload.clone(), &self.place.codecs)?;
        let delivery = Delivery::new(Message::new(Name::text(name), context, body), count);
        let mut handling = self.handling.handle(delivery);
        let often = named::ack_wait(&self.durable) / 2;
        loop {
            tokio::select! {
                done = &mut handling => return done,
                () = sleep(often) => {
                    // Still at work: not to be handed to anybody else meanwhile.
                    let _ = message.ack_with(AckKind::Progress).await;
                }
            }
        }
    }

    /// Puts an event aside, with the reason.
    async fn bury(
        &self,
        message: &jetstream::Message,
        count: u64,
        fault: &Fault,
    ) -> Result<(), Fault> {
        let event = last(&message.subject);
        let reader = encode(&self.durable.name);
        let subject = format!("{}{event}.{reader}", self.names.dead_subjects);
        let mut dead = Headers::default();
        for (name, values) in message.headers.iter().flat_map(|headers| headers.iter()) {
            if let Some(value) = values.first()
                && *name != MESSAGE_ID
            {
                dead.put(name.clone(), value.as_str());
            }
        }
        let headers = message.headers.as_ref();
        if let Some(id) = headers::get(headers, MESSAGE_ID) {
            // Dead to this reader, which says nothing of others.
            dead.put(MESSAGE_ID, &format!("{id}@{reader}"));
            dead.put(headers::EVENT_ID, id);
        }
        let reason: String = format!("{fault}").chars().take(REASON).collect();
        dead.put(headers::REASON, &reason);
        dead.put(headers::READER, &self.durable.name);
        dead.put_number(headers::DELIVERIES, count);
        let dead = dead.into_map().unwrap_or_default();
        let payload = message.payload.clone();
        let failed = |error: jetstream::context::PublishError| {
            Fault::new(FaultKind::Unavailable, error.to_string())
        };
        let stored = self.jetstream.publish_with_headers(subject, dead, payload).await;
        stored.map_err(failed)?.await.map_err(failed)?;
        tracing::warn!(
            subject = %message.subject, reader = self.durable.name, count, reason,
            "an event was put aside"
        );
        Ok(())
    }
}
