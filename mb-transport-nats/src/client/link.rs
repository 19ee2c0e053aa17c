//! A client's link: requests to whoever of the queue group takes them, events to one of the servers.

use std::sync::Arc;

use async_nats::Subject;
use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Calling, Codec, Consuming, Durable, EndReason, Fault, FaultKind, Handling, Link,
    Message, Name, Published, Streaming, SubscriptionId,
};

use super::{joining::join_one, shared::Shared};
use crate::{
    durable,
    headers::{self, Headers},
    outbound::{Outbound, over},
    reply::put_codec,
    requests::{self, Courier, Route, written},
    token::decode,
};

/// The longest name of a durable reader, in bytes.
const LONGEST_READER: usize = 64;

pub(crate) struct NatsLink(pub(crate) Arc<Shared>);

impl Courier for Shared {
    fn out(&self) -> &Arc<Outbound> {
        &self.out
    }

    fn codec(&self) -> &Codec {
        &self.codec
    }

    fn limit(&self) -> usize {
        Shared::limit(self)
    }

    fn route(&self, name: &Name) -> Result<Route, Fault> {
        Shared::route(self, name)
    }

    fn credit(&self, server: Option<&str>) -> Option<Subject> {
        let server = server.filter(|server| decode(server).is_some())?;
        Some(self.space.system(&format!("srv.{server}.credit")))
    }

    fn introduce(&self, server: String) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(async move {
            if decode(&server).is_none() {
                return Err(Fault::new(FaultKind::ContractMismatch, "no server has such a name"));
            }
            join_one(self, &server).await
        })
    }

    fn stays_unknown(&self, server: &str) -> Fault {
        let roster = self.roster.borrow();
        let known = roster.servers.iter().find(|known| known.joined.instance == server);
        let why = known.and_then(|known| known.joined.refused.as_ref());
        let why = why.map_or("it goes on forgetting who that is", |why| &why.message);
        Fault::unavailable(format!("a server does not let this client in: {why}"))
    }
}

impl Shared {
    fn emitted(self: &Arc<Self>, event: &Message) -> Result<Published, Fault> {
        if let Some(reason) = self.out.pending.closed() {
            return Err(over(reason));
        }
        let name = event.name().as_str();
        if matches!(event.name(), Name::Event(declared) if declared.durable) {
            let reason = format!(
                "{name} is `#[event(durable)]`: what servers announce is kept, what clients emit is \
                 not. A request says the same, and is answered"
            );
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        }
        if name.starts_with('$') {
            // A sign of life goes another way here; the others are not a client's to send.
            return Ok(Published::Accepted);
        }
        let subject = name
            .split_once('/')
            .and_then(|(contract, event)| self.subject_of(contract, "emit", event));
        let subject = subject.ok_or_else(|| {
            let name: String = name.chars().take(100).collect();
            let reason = format!("unknown event `{name}`: no server here has its contract");
            Fault::new(FaultKind::ContractMismatch, reason)
        })?;
        let mut headers = Headers::default();
        headers.put_context(event.context());
        put_codec(&mut headers, &self.codec);
        headers.put(headers::FROM, &self.out.base);
        let payload = written(&**self, event.name(), event.body())?;
        self.out.publish(subject, headers, payload)
    }

    /// Where a durable reader reads; every event must be one that is kept.
    fn durable_place(&self, wanted: &Durable) -> Result<durable::Place, Fault> {
        if let Some(reason) = self.out.pending.closed() {
            return Err(over(reason));
        }
        let refused = |why: String| Fault::new(FaultKind::ValidationFailed, why);
        let [event, ..] = wanted.events.as_slice() else {
            return Err(refused("a durable subscription needs an event".to_owned()));
        };
        if let Some(event) = wanted.events.iter().find(|event| !event.durable) {
            let name = event.full_name;
            return Err(refused(format!(
                "{name} is not declared `#[event(durable)]`, so it is not kept: subscribe without \
                 `durable`"
            )));
        }
        if wanted.name.is_empty() || wanted.name.len() > LONGEST_READER {
            let reason = format!("the name of a durable reader has 1 to {LONGEST_READER} bytes");
            return Err(refused(reason));
        }
        let contract = event.full_name.split('/').next().unwrap_or_default().to_owned();
        let major = self.major_of(&contract).ok_or_else(|| {
            let reason = format!("no server here serves the contract `{contract}`");
            Fault::new(FaultKind::ContractMismatch, reason)
        })?;
        Ok(durable::Place {
            nats: self.out.nats.clone(),
            space: self.space.clone(),
            contract,
            major,
            codecs: Arc::clone(&self.out.codecs),
            over: self.over.clone(),
        })
    }
}

impl Link for NatsLink {
    fn call(&self, request: Message) -> Calling {
        let shared = Arc::clone(&self.0);
        let answered: BoxFuture<'static, Answer> = match request.name() {
            Name::Text(name) if name.as_str() == "$login" => {
                Box::pin(async move { shared.log_in(request).await })
            }
            Name::Text(name) if name.as_str() == "$logout" => {
                Box::pin(async move { shared.log_out(request).await })
            }
            _ => Box::pin(async move { requests::call(&shared, request, None).await }),
        };
        answered.into()
    }

    fn stream(&self, request: Message) -> Streaming {
        requests::stream(Arc::clone(&self.0), request)
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.0.emitted(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        if let Some(reason) = self.0.out.pending.closed() {
            return Box::pin(std::future::ready(Err(over(reason))));
        }
        Box::pin(Arc::clone(&self.0).subscribe(events))
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.0.unsubscribe(&subscription);
    }

    fn consume(
        &self,
        wanted: Durable,
        handling: Handling,
    ) -> BoxFuture<'static, Result<Consuming, Fault>> {
        let place = self.0.durable_place(&wanted);
        Box::pin(async move { durable::consume(place?, wanted, handling).await })
    }

    fn close(&self, reason: EndReason) {
        self.0.leave(reason);
    }

    fn keeps_deadlines(&self) -> bool {
        true
    }

    fn may_be_lost(&self) -> bool {
        true
    }
}
