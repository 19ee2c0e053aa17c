//! What a server can reach of its client: the client's link, seen from the other side.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use mb_core::{
    Calling, EndReason, Fault, FaultKind, Link, Message, Published, Streaming, SubscriptionId,
};
use tokio::sync::watch;

use super::ClientStatus;
use crate::{dispatch::refused_stream, subscription::Hub};

/// Events go to the client's subscriptions, the end of the connection to its status.
pub(super) struct Inbound {
    pub(super) hub: Arc<Hub>,
    pub(super) status: watch::Sender<ClientStatus>,
}

impl Inbound {
    pub(super) fn new() -> Arc<Self> {
        let status = watch::Sender::new(ClientStatus::Connected);
        Arc::new(Self { hub: Arc::default(), status })
    }
}

impl Link for Inbound {
    fn call(&self, request: Message) -> Calling {
        Calling::refused(serves_nothing(&request))
    }

    fn stream(&self, request: Message) -> Streaming {
        refused_stream(serves_nothing(&request))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.hub.publish(event)
    }

    fn subscribe(&self, _: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        // A client emits to its one server whatever it emits: there is nothing to narrow.
        let refused = Fault::unavailable("clients take no subscriptions");
        Box::pin(std::future::ready(Err(refused)))
    }

    fn unsubscribe(&self, _: SubscriptionId) {}

    fn close(&self, reason: EndReason) {
        self.status.send_if_modified(|status| {
            let connected = *status == ClientStatus::Connected;
            if connected {
                *status = ClientStatus::Disconnected(reason);
            }
            connected
        });
        self.hub.end(reason);
    }
}

fn serves_nothing(request: &Message) -> Fault {
    let name = request.name();
    Fault::new(FaultKind::UnknownRequest, format!("unknown request `{name}`: a client serves none"))
}
