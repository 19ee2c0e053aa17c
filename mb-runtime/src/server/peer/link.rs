//! A connected client's link into the server: from its messages to their handlers.

use std::{
    future::ready,
    sync::{Arc, atomic::Ordering},
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use mb_core::{
    Answering, Body, Calling, Context, EndReason, Fault, Link, Message, Name, Published, Streaming,
    SubscriptionId, refused_stream,
};
use tokio_util::sync::CancellationToken;

use super::{Peer, access::Admitted};
use crate::{
    access::Rule,
    dispatch::{Handler, another, published},
    middleware::{Kind, Way},
    server::{Core, requests},
    wire::system::is_system,
};

impl Peer {
    /// The server, while this client is connected to it.
    fn core(&self) -> Result<Arc<Core>, Fault> {
        self.here()?;
        self.core.upgrade().ok_or_else(Fault::stopped)
    }

    /// Whether this client is connected.
    #[inline]
    fn here(&self) -> Result<(), Fault> {
        if self.gone.load(Ordering::Acquire) { Err(self.left_behind()) } else { Ok(()) }
    }

    #[cold]
    fn left_behind(&self) -> Fault {
        let stays = self.core.upgrade().is_some_and(|core| !core.gate.is_closed());
        if stays { disconnected() } else { Fault::stopped() }
    }

    fn emitted(&self, event: &Message) -> Result<Published, Fault> {
        let core = self.core()?;
        if is_system(event.name().as_str()) {
            // A heartbeat has done its work by arriving; the others are not a client's to send.
            return Ok(Published::Accepted);
        }
        let served = core.routes.event(event.name().as_str())?;
        let (_, mut context, body) = another(event)?.into_parts();
        self.admit(served.emit.as_ref(), &mut context)?;
        let event = Message::new(Name::Event(served.descriptor), context, body);
        Ok(match self.routes.chain(event.name()) {
            None => core.hub.publish(&Arc::new(event)),
            Some(chain) => {
                let readers = Arc::clone(&core.hub);
                published(Way::new(Kind::Consumer, Arc::clone(chain), readers), &core.gate, event)
            }
        })
    }

    fn called(&self, mut request: Message) -> Result<Calling, Fault> {
        self.here()?;
        if is_for_the_system(&request) {
            return self.system(request);
        }
        let route = self.routes.request(request.name())?;
        match &route.handler {
            Handler::Unary(handler) => {
                self.admit(route.rule.as_ref(), request.context_mut())?;
                Ok(handler(request))
            }
            Handler::Streamed(_) => Err(route.descriptor.answered_otherwise()),
        }
    }

    /// A request of the system's own. Kept out of the way of all others.
    #[cold]
    #[inline(never)]
    fn system(&self, request: Message) -> Result<Calling, Fault> {
        let core = self.core()?;
        Ok(requests::answer(&core, self, request))
    }

    /// Whichever way the contract says that the request is answered.
    fn answered(&self, name: &str, context: Context, body: Body) -> Result<Answering, Fault> {
        self.here()?;
        if is_system(name) {
            let request = Message::new(Name::text(name), context, body);
            return self.system(request).map(Answering::Once);
        }
        let route = self.routes.request_of_text(name)?;
        let mut request = Message::new(Name::Request(route.descriptor), context, body);
        let admitted = self.admit(route.rule.as_ref(), request.context_mut())?;
        Ok(match &route.handler {
            Handler::Unary(handler) => Answering::Once(handler(request)),
            Handler::Streamed(handler) => {
                Answering::Many(self.while_here(handler(request), route.rule, admitted))
            }
        })
    }

    /// A stream that ends when its client leaves, or may not read it any more.
    fn while_here(&self, stream: Streaming, rule: Option<Rule>, by: Admitted) -> Streaming {
        let stream = until(stream, self.leaving.clone());
        match rule {
            None => stream,
            Some(rule) => self.while_allowed(stream, rule, by),
        }
    }

    fn streamed(&self, mut request: Message) -> Result<Streaming, Fault> {
        self.here()?;
        let route = self.routes.request(request.name())?;
        match &route.handler {
            Handler::Streamed(handler) => {
                let admitted = self.admit(route.rule.as_ref(), request.context_mut())?;
                Ok(self.while_here(handler(request), route.rule, admitted))
            }
            Handler::Unary(_) => Err(route.descriptor.answered_otherwise()),
        }
    }
}

impl Link for Peer {
    fn call(&self, request: Message) -> Calling {
        self.called(request).unwrap_or_else(Calling::refused)
    }

    fn stream(&self, request: Message) -> Streaming {
        self.streamed(request).unwrap_or_else(refused_stream)
    }

    fn answer(&self, name: &str, context: Context, body: Body) -> Answering {
        self.answered(name, context, body)
            .unwrap_or_else(|fault| Answering::Once(Calling::refused(fault)))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.emitted(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let subscribed = self.core().and_then(|core| self.subscribe_to(&core, &events));
        Box::pin(std::future::ready(subscribed))
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.interest.remove(&subscription);
    }

    fn close(&self, reason: EndReason) {
        if self.leave() {
            self.leaving.cancel();
            self.left(reason);
        }
    }
}

fn is_for_the_system(request: &Message) -> bool {
    matches!(request.name(), Name::Text(name) if is_system(name))
}

fn disconnected() -> Fault {
    Fault::unavailable("this client has disconnected")
}

/// A stream that ends, with the reason, when its client leaves.
fn until(stream: Streaming, leaving: CancellationToken) -> Streaming {
    let left = leaving.clone();
    let reason = stream::once(async move { left.is_cancelled() })
        .filter_map(|left| ready(left.then(|| Err(disconnected().into()))));
    stream.take_until(leaving.cancelled_owned()).chain(reason).boxed()
}
