//! What is announced to everybody: one message, which the engine copies to whoever listens.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use async_nats::{
    Client, HeaderMap, HeaderName, HeaderValue, client::PublishErrorKind, jetstream,
    message::OutboundMessage,
};
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{
    Calling, EndReason, Fault, FaultKind, Link, Message, Published, Streaming, SubscriptionId,
    refused_stream,
};

use tokio::time::{sleep, timeout};

use super::{station::Station, stats::Announced};
use crate::{
    durable::MESSAGE_ID,
    headers::{self, Headers},
    pen,
    reply::{put_codec, too_large},
};

/// How long an announcer waits for a durable event to be stored, and between attempts.
const KEEPING: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// How much larger an event is that is put aside, in bytes.
const DEAD: usize = 4 * 1024;

/// Ends with its server, and keeps nothing of it alive.
pub(crate) struct Bus(pub(crate) Weak<Station>);

impl Bus {
    fn announce(&self, event: &Message) -> Result<Published, Fault> {
        let station = self.0.upgrade().ok_or_else(gone)?;
        let name = event.name().as_str();
        let known = station.events.get(name);
        if known.is_some_and(|known| known.durable) {
            // From here on it has an id, by which those who get it twice know it.
            event.context().id();
        }
        let payload = pen::payload(event.body(), &station.codec)
            .map_err(|error| Fault::new(FaultKind::ValidationFailed, format!("{name} {error}")))?;
        let (size, limit) = (payload.len(), station.nats.max_payload());
        if size > limit {
            return Err(too_large(name, size, limit));
        }
        let subject = match known {
            Some(known) => known.subject.clone(),
            None if name.starts_with('$') => station.space.system_event(name).ok_or_else(|| {
                Fault::new(FaultKind::ValidationFailed, "an event of so long a name cannot be sent")
            })?,
            None => {
                let reason = format!("the server serves no contract that has the event {name}");
                return Err(Fault::new(FaultKind::ContractMismatch, reason));
            }
        };
        let headers = station.headers(event, known);
        if let (Some(Announced { durable: true, .. }), Some(jetstream)) =
            (known, &station.jetstream)
        {
            let mut headers = Headers::from_map(headers);
            headers.put(MESSAGE_ID, event.context().id());
            let headers = headers.into_map().unwrap_or_default();
            // Put aside, it has a reason beside it, and must get through all the same.
            let limit = limit - DEAD.min(limit / 4);
            let size = size + length(&headers);
            if size > limit {
                return Err(too_large(name, size, limit));
            }
            let keeping = keep(jetstream.clone(), subject, headers, payload);
            return Ok(Published::Waiting(Box::pin(keeping)));
        }
        let event =
            OutboundMessage { subject, payload, headers, reply: Some(station.from.clone()) };
        // Mostly there is room at once, and nothing to be kept for later.
        match send(&station.nats, event.clone()).now_or_never() {
            Some(sent) => sent.map(|()| Published::Accepted),
            None => {
                Ok(Published::Waiting(Box::pin(async move { send(&station.nats, event).await })))
            }
        }
    }
}

impl Station {
    /// What there is to say beside an event: nothing, where it is this server's and nothing else is
    /// known of it. Its reply subject names the server.
    fn headers(&self, event: &Message, known: Option<&Announced>) -> Option<HeaderMap> {
        let mut headers = Headers::default();
        put_codec(&mut headers, &self.codec);
        if !event.context().says_only_source() {
            let context = event.context().clone().with_source(self.host.id());
            headers.put_context(&context);
            if let Some(known) = known {
                headers.put(headers::CONTRACT, &known.stamp);
            }
        }
        headers.into_map()
    }
}

/// How many bytes headers are about as long as.
fn length(headers: &HeaderMap) -> usize {
    let line = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name: &str = name.as_ref();
        values.iter().map(|value| name.len() + value.as_str().len() + 4).sum::<usize>()
    };
    headers.iter().map(line).sum::<usize>() + 16
}

async fn send(nats: &Client, event: OutboundMessage) -> Result<(), Fault> {
    let size = event.payload.len();
    let sent = async_nats::client::traits::Publisher::publish_message(nats, event).await;
    sent.map_err(|error| match error.kind() {
        // With what is said beside it.
        PublishErrorKind::MaxPayloadExceeded => {
            too_large("the event, beside its headers,", size, nats.max_payload())
        }
        _ => Fault::unavailable(format!("the event was not sent: {error}")),
    })
}

/// Publishes an event to its stream, and waits until it is stored. Without that word it may be
/// stored all the same: sent again with the same id, it is stored once.
async fn keep(
    jetstream: jetstream::Context,
    subject: async_nats::Subject,
    headers: async_nats::HeaderMap,
    payload: bytes::Bytes,
) -> Result<(), Fault> {
    let mut pause = SHORTEST;
    let storing = async {
        loop {
            let (subject, headers) = (subject.clone(), headers.clone());
            let sent = jetstream.publish_with_headers(subject, headers, payload.clone()).await;
            let stored = match sent {
                Ok(stored) => stored.await,
                Err(error) => Err(error),
            };
            match stored {
                Ok(_) => return,
                Err(error) => tracing::debug!(%error, "an event is not stored yet"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    };
    timeout(KEEPING, storing).await.map_err(|_| {
        Fault::interrupted(format!(
            "JetStream has not said within {KEEPING:?} that it has the event"
        ))
    })
}

/// Which contract a message belongs to, to the last shape.
pub(crate) fn stamp(contract: &mb_core::ContractDescriptor) -> String {
    format!("{}/{}/{:016x}", contract.name, contract.version, contract.fingerprint)
}

fn gone() -> Fault {
    Fault::unavailable("the server has stopped")
}

impl Link for Bus {
    fn call(&self, _: Message) -> Calling {
        Calling::refused(Fault::unavailable("nobody in particular is there to be called"))
    }

    fn stream(&self, _: Message) -> Streaming {
        refused_stream(Fault::unavailable("nobody in particular is there to be called"))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.announce(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, _: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        Box::pin(std::future::ready(Err(gone())))
    }

    fn unsubscribe(&self, _: SubscriptionId) {}

    fn close(&self, _: EndReason) {}
}
