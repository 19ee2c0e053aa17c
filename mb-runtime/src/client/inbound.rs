//! What a server can reach of its client: the client's link, seen from the other side.

use std::sync::{Arc, PoisonError, RwLock};

use futures_core::future::BoxFuture;
use mb_core::{
    Answering, Body, Caller, Calling, Connected, Context, EndReason, Fault, FaultKind, Hello, Link,
    Message, Name, Published, Streaming, SubscriptionId, refused_stream,
};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use super::{ClientStatus, weak::WeakLink};
use crate::{
    access::refused,
    dispatch::{
        DuplicateContract, Gate, Handler, Routes, ServedContract, Service, another, published,
    },
    middleware::{Kind, Layers, Way},
    subscription::Hub,
    wire::system,
};

/// How many errors and announcements are kept for a listener that does not listen.
const KEPT: usize = 64;

/// Something that a server said to all of its clients, outside of any contract.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Announcement {
    /// For people.
    pub message: String,
    /// For programs.
    pub data: Option<Value>,
}

/// Events go to the client's subscriptions, requests to what it serves, the end of the connection
/// to its status.
pub(super) struct Inbound {
    pub(super) hub: Arc<Hub>,
    pub(super) status: watch::Sender<ClientStatus>,
    pub(super) errors: broadcast::Sender<Fault>,
    pub(super) announcements: broadcast::Sender<Announcement>,
    routes: Arc<Routes>,
    /// Kept for its routes.
    _services: Vec<Service>,
    layers: Layers,
    /// Cut when the client has left.
    pub(super) gate: Arc<Gate>,
    server: RwLock<Option<Arc<Caller>>>,
}

impl Inbound {
    pub(super) fn new(
        status: ClientStatus,
        served: Vec<ServedContract>,
        layers: Layers,
    ) -> Result<Arc<Self>, DuplicateContract> {
        let gate = Arc::new(Gate::new());
        let (routes, services) = Routes::new(served, &gate, &layers, &Arc::default())?;
        Ok(Arc::new(Self {
            hub: Arc::default(),
            status: watch::Sender::new(status),
            errors: broadcast::Sender::new(KEPT),
            announcements: broadcast::Sender::new(KEPT),
            routes,
            _services: services,
            layers,
            gate,
            server: RwLock::default(),
        }))
    }

    /// The inbound side of a client that serves nothing.
    pub(super) fn empty() -> Arc<Self> {
        Self::new(ClientStatus::Connected, Vec::new(), Layers::default())
            .unwrap_or_else(|DuplicateContract(name)| unreachable!("no contract is `{name}`"))
    }

    /// Notes who the server is, as what this client serves will see it.
    pub(super) fn met(&self, connected: &Connected) {
        let hello = Hello {
            client_id: Some(connected.server_id.clone()),
            kind: "server".to_owned(),
            serves: connected.contracts.iter().flat_map(|all| all.iter().cloned()).collect(),
            ..Hello::default()
        };
        // Weak: what the server is handed does not keep its own link alive.
        let back = Arc::new(WeakLink(Arc::downgrade(&connected.link)));
        let server = Caller::server(hello, connected.connection_id.clone(), back);
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(server));
    }

    /// Tells whoever listens what has gone wrong.
    pub(super) fn report(&self, fault: Fault) {
        // Nobody has to listen.
        let _ = self.errors.send(fault);
    }

    /// Ends everything: the client has left.
    pub(super) fn end(&self, status: ClientStatus, reason: EndReason) {
        self.set_final(status);
        self.hub.end(reason);
        self.gate.cut();
    }

    /// Sets a status after which there is no other. The first counts.
    pub(super) fn set_final(&self, status: ClientStatus) {
        self.status.send_if_modified(|now| {
            let open = !now.is_final();
            if open {
                *now = status;
            }
            open
        });
    }

    fn served(&self, mut request: Message) -> Result<Answering, Fault> {
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner).clone();
        let server = server.ok_or_else(|| Fault::unavailable("the client is still connecting"))?;
        if self.routes.contracts().is_empty() {
            let name = request.name();
            let reason = format!("unknown request `{name}`: this client serves no contract");
            return Err(Fault::new(FaultKind::UnknownRequest, reason));
        }
        let route = self.routes.request(request.name())?;
        if let Some(rule) = &route.rule {
            // A server does not log in at its clients.
            return Err(refused(rule.name, false));
        }
        request.context_mut().receive(server);
        Ok(match &route.handler {
            Handler::Unary(handler) => Answering::Once(handler(request)),
            Handler::Streamed(handler) => Answering::Many(handler(request)),
        })
    }

    /// What events go through.
    pub(super) fn layers(&self) -> &Layers {
        &self.layers
    }

    /// An event through the chain, if anybody wants it.
    fn through(&self, event: &Message) -> Result<Published, Fault> {
        let Some(name) = self.hub.wanted(event.name()) else { return Ok(Published::Accepted) };
        let chain = self.layers.chain(name.as_str());
        let way = Way::new(Kind::Consumer, chain, Arc::clone(&self.hub));
        let (_, context, body) = another(event)?.into_parts();
        Ok(published(way, &self.gate, Message::new(name, context, body)))
    }

    fn answered(&self, request: Message) -> Answering {
        self.served(request).unwrap_or_else(|fault| Answering::Once(Calling::refused(fault)))
    }
}

impl Link for Inbound {
    fn call(&self, request: Message) -> Calling {
        match self.answered(request) {
            Answering::Once(calling) => calling,
            Answering::Many(_) => Calling::refused(answered_otherwise("by a stream, not once")),
        }
    }

    fn stream(&self, request: Message) -> Streaming {
        match self.answered(request) {
            Answering::Many(items) => items,
            Answering::Once(_) => refused_stream(answered_otherwise("once, not by a stream")),
        }
    }

    fn answer(&self, name: &str, context: Context, body: Body) -> Answering {
        self.answered(Message::new(Name::text(name), context, body))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        let name = event.name().as_str();
        if name == system::ERROR {
            match event.body().decode_shared::<system::ErrorEvent>() {
                Ok(error) => self.report(error.fault()),
                Err(error) => tracing::debug!(%error, "an error event is not as it should be"),
            }
            return Published::Accepted;
        }
        if name == system::BROADCAST {
            match event.body().decode_shared::<system::Broadcast>() {
                Ok(said) => {
                    let system::Broadcast { message, data, .. } = Arc::unwrap_or_clone(said);
                    // Nobody has to listen.
                    let _ = self.announcements.send(Announcement { message, data });
                }
                Err(error) => tracing::debug!(%error, "an announcement is not as it should be"),
            }
            return Published::Accepted;
        }
        if self.layers.is_empty() {
            return self.hub.publish(event);
        }
        self.through(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, _: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        // A client emits to its one server whatever it emits: there is nothing to narrow.
        let refused = Fault::unavailable("clients take no subscriptions");
        Box::pin(std::future::ready(Err(refused)))
    }

    fn unsubscribe(&self, _: SubscriptionId) {}

    fn missed(&self) {
        self.hub.gap();
        let reason = "the network dropped messages for this client: it reads too slowly";
        self.report(Fault::new(FaultKind::RateLimitExceeded, reason));
    }

    fn close(&self, reason: EndReason) {
        self.end(ClientStatus::Disconnected(reason), reason);
    }
}

fn answered_otherwise(how: &str) -> Fault {
    Fault::new(FaultKind::ValidationFailed, format!("the request is answered {how}"))
}
