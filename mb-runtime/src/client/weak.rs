//! A link that does not keep the other side connected.

use std::sync::{Arc, Weak};

use futures_core::future::BoxFuture;
use mb_core::{
    Calling, EndReason, Fault, Link, Message, Published, Streaming, SubscriptionId, refused_stream,
};

pub(super) struct WeakLink(pub(super) Weak<dyn Link>);

impl WeakLink {
    fn link(&self) -> Result<Arc<dyn Link>, Fault> {
        self.0
            .upgrade()
            .ok_or_else(|| Fault::unavailable(EndReason::ClientDisconnected.to_string()))
    }
}

impl Link for WeakLink {
    fn call(&self, request: Message) -> Calling {
        self.link().map_or_else(Calling::refused, |link| link.call(request))
    }

    fn stream(&self, request: Message) -> Streaming {
        self.link().map_or_else(refused_stream, |link| link.stream(request))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.link().map_or_else(Published::Refused, |link| link.publish(event))
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        match self.link() {
            Ok(link) => link.subscribe(events),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        if let Ok(link) = self.link() {
            link.unsubscribe(subscription);
        }
    }

    fn close(&self, _: EndReason) {
        // Leaving is for whoever holds the link itself.
    }

    fn keeps_deadlines(&self) -> bool {
        self.link().is_ok_and(|link| link.keeps_deadlines())
    }
}
