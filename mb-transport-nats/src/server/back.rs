//! The way from a server to one client: events for it alone, calls of what it serves, the goodbye.

use std::sync::{Arc, Weak};

use async_nats::Subject;
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{
    Calling, Codec, EndReason, Fault, Link, Message, Name, Published, Streaming, SubscriptionId,
};

use super::station::{Command, Station};
use crate::{
    headers::{self, Headers},
    outbound::{Outbound, over},
    reply::put_codec,
    requests::{self, Courier, Route, written},
};

pub(crate) struct Back {
    pub(crate) out: Arc<Outbound>,
    /// What the client's own subjects begin with.
    to: String,
    /// What its reply subjects begin with.
    base: String,
    codec: Codec,
    max_message: usize,
    station: Weak<Station>,
}

/// The link that a server holds of a client.
pub(crate) struct BackLink(pub(crate) Arc<Back>);

impl Back {
    pub(crate) fn new(
        station: &Arc<Station>,
        (to, base): (String, String),
        number: u128,
        max_message: usize,
    ) -> Self {
        let cancel = Subject::from(format!("{to}.do.cancel"));
        let (nats, codecs) = (station.nats.clone(), Arc::clone(&station.codecs));
        let own = format!("{}{number}.", station.base);
        let mut out = Outbound::new(nats, own, cancel, station.limits.in_flight, codecs);
        out.sooner = Arc::clone(&station.sooner);
        let (out, codec) = (Arc::new(out), station.codec.clone());
        Self { out, to, base, codec, max_message, station: Arc::downgrade(station) }
    }

    /// What is said to the client itself.
    pub(crate) fn subject(&self, what: &str) -> Subject {
        Subject::from(format!("{}.{what}", self.to))
    }

    /// Says to the client what became of an event of its own: nobody waits for an answer to one.
    pub(crate) fn tell_error(&self, fault: &Fault) {
        let mut headers = Headers::default();
        headers.put(headers::NAME, "$error");
        let headers = headers.into_map().unwrap_or_default();
        let payload = serde_json::to_vec(&fault.to_wire()).unwrap_or_default();
        let (nats, subject) = (self.out.nats.clone(), self.subject("evt"));
        let telling =
            async move { nats.publish_with_headers(subject, headers, payload.into()).await };
        // Where the queue is full, whoever floods it does without.
        let _ = telling.now_or_never();
    }

    fn event(self: &Arc<Self>, event: &Message) -> Result<Published, Fault> {
        if let Some(reason) = self.out.pending.closed() {
            return Err(over(reason));
        }
        let mut headers = Headers::default();
        headers.put_context(event.context());
        put_codec(&mut headers, &self.codec);
        headers.put(headers::NAME, event.name().as_str());
        let payload = written(&**self, event.name(), event.body())?;
        self.out.publish(self.subject("evt"), headers, payload)
    }
}

impl Courier for Back {
    fn out(&self) -> &Arc<Outbound> {
        &self.out
    }

    fn codec(&self) -> &Codec {
        &self.codec
    }

    fn limit(&self) -> usize {
        self.max_message.min(self.out.nats.max_payload())
    }

    fn route(&self, name: &Name) -> Result<Route, Fault> {
        Ok(Route { subject: self.subject("do.req"), name: Some(name.as_str().to_owned()) })
    }

    fn credit(&self, _: Option<&str>) -> Option<Subject> {
        Some(self.subject("do.credit"))
    }

    fn introduce(&self, _: String) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(std::future::ready(Err(another())))
    }

    fn stays_unknown(&self, _: &str) -> Fault {
        another()
    }
}

fn another() -> Fault {
    Fault::unavailable("the client is another one by now")
}

impl Link for BackLink {
    fn call(&self, request: Message) -> Calling {
        let back = Arc::clone(&self.0);
        let answered: BoxFuture<'static, _> =
            Box::pin(async move { requests::call(&back, request, None).await });
        answered.into()
    }

    fn stream(&self, request: Message) -> Streaming {
        requests::stream(Arc::clone(&self.0), request)
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.0.event(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, _: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let refused = Fault::unavailable("clients take no subscriptions");
        Box::pin(std::future::ready(Err(refused)))
    }

    fn unsubscribe(&self, _: SubscriptionId) {}

    fn close(&self, reason: EndReason) {
        if !self.0.out.pending.close(reason) {
            return;
        }
        // A server that stops says goodbye when the last answers are out.
        if reason != EndReason::ServerStopped
            && let Some(station) = self.0.station.upgrade()
        {
            station.ask_driver(Command::Dismiss(self.0.base.clone(), reason));
        }
    }

    fn keeps_deadlines(&self) -> bool {
        true
    }

    fn hears_bus(&self) -> bool {
        true
    }

    fn must_log_in(&self) -> bool {
        true
    }
}
