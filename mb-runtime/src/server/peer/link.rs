//! A connected client's link into the server: from its messages to their handlers.

use std::{
    future::ready,
    sync::{Arc, atomic::Ordering},
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use mb_core::{
    Answering, Body, Calling, Codec, Context, EndReason, Fault, FaultKind, Link, Message, Name,
    Published, Streaming, SubscriptionId,
};
use tokio_util::sync::CancellationToken;

use super::Peer;
use crate::{
    dispatch::{Handler, answered_otherwise, refused_stream, stopped},
    server::{Core, requests},
    wire::system::is_system,
};

impl Peer {
    /// The server, while this client is connected to it.
    #[inline]
    fn core(&self) -> Result<Arc<Core>, Fault> {
        let core = self.core.upgrade().ok_or_else(stopped)?;
        if !self.gone.load(Ordering::Acquire) {
            return Ok(core);
        }
        Err(if core.gate.is_closed() { stopped() } else { disconnected() })
    }

    /// The request as the server sees it.
    #[inline]
    fn admit(&self, context: Context) -> Context {
        let context = Context::received(context, Arc::clone(&self.caller));
        if self.takes_logins { self.identified(context) } else { context }
    }

    /// With who is logged in on this connection now.
    #[inline(never)]
    fn identified(&self, context: Context) -> Context {
        context.acted_by(self.login.current().map(|login| Arc::clone(&login.actor)))
    }

    fn emitted(&self, event: &Message) -> Result<Published, Fault> {
        let core = self.core()?;
        if is_system(event.name().as_str()) {
            // A heartbeat has done its work by arriving; the others are not a client's to send.
            return Ok(Published::Accepted);
        }
        let descriptor = core.routes.event(event.name().as_str())?;
        let body = match event.body().share() {
            Some(body) => body,
            None => event
                .body()
                .encode(&Codec::JSON)
                .map_err(|error| Fault::new(FaultKind::ValidationFailed, error.to_string()))?
                .into(),
        };
        let context = self.admit(event.context().clone());
        let event = Message::new(Name::Event(descriptor), context, body);
        Ok(core.hub.publish(&Arc::new(event)))
    }

    fn called(&self, request: Message) -> Result<Calling, Fault> {
        let core = self.core()?;
        if is_for_the_system(&request) {
            return Ok(self.system(&core, request));
        }
        let (name, context, body) = request.into_parts();
        let route = core.routes.request(&name)?;
        match &route.handler {
            Handler::Unary(handler) => Ok(handler(self.admit(context), body)),
            Handler::Streamed(_) => Err(answered_otherwise(route.descriptor)),
        }
    }

    /// A request of the system's own. Kept out of the way of all others.
    #[cold]
    #[inline(never)]
    fn system(&self, core: &Core, request: Message) -> Calling {
        requests::answer(core, self, request)
    }

    /// Whichever way the contract says that the request is answered.
    fn answered(&self, name: &str, context: Context, body: Body) -> Result<Answering, Fault> {
        let core = self.core()?;
        if is_system(name) {
            let request = Message::new(Name::text(name), context, body);
            return Ok(Answering::Once(self.system(&core, request)));
        }
        let route = core.routes.request_of_text(name)?;
        let context = self.admit(context);
        Ok(match &route.handler {
            Handler::Unary(handler) => Answering::Once(handler(context, body)),
            Handler::Streamed(handler) => {
                Answering::Many(until(handler(context, body), self.leaving.clone()))
            }
        })
    }

    fn streamed(&self, request: Message) -> Result<Streaming, Fault> {
        let core = self.core()?;
        let (name, context, body) = request.into_parts();
        let route = core.routes.request(&name)?;
        match &route.handler {
            Handler::Streamed(handler) => {
                Ok(until(handler(self.admit(context), body), self.leaving.clone()))
            }
            Handler::Unary(_) => Err(answered_otherwise(route.descriptor)),
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
        self.interest_mut().subscriptions.remove(&subscription);
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
