//! A link behind a client's middleware.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc};

use futures_core::future::BoxFuture;
use futures_util::{
    StreamExt, TryFutureExt,
    future::{Either, select},
};
use mb_core::{
    Answer, Calling, Consuming, Durable, EndReason, Fault, Handling, Introduction, Link, Message,
    Published, Streaming, SubscriptionId,
};

use crate::{
    dispatch::{Gate, Net, another, panicked, published},
    middleware::{End, Handled, Kind, Layers, Passing, Way},
    wire::system::is_system,
};

/// Whatever is sent over it goes through the chain first; what the system says does not.
pub(super) struct Layered {
    link: Arc<dyn Link>,
    layers: Layers,
    /// Cut when the client has left.
    gate: Arc<Gate>,
    call: Leg,
    stream: Leg,
    publish: Leg,
}

/// One thing that a link does, behind what is there for all messages.
struct Leg {
    kind: Kind,
    pass: fn(&dyn Link, Message) -> Passing,
    way: Arc<Way>,
}

/// What is behind a chain.
struct Over {
    link: Arc<dyn Link>,
    pass: fn(&dyn Link, Message) -> Passing,
}

impl End for Over {
    fn pass(&self, message: Message) -> Passing {
        (self.pass)(&*self.link, message)
    }
}

impl Layered {
    /// A link behind these; itself, where there are none.
    pub(super) fn over(link: Arc<dyn Link>, layers: Layers, gate: Arc<Gate>) -> Arc<dyn Link> {
        if layers.is_empty() {
            return link;
        }
        let leg = |kind, pass| {
            let over = Over { link: Arc::clone(&link), pass };
            Leg { kind, pass, way: Way::new(kind, layers.for_others(), over) }
        };
        Arc::new(Self {
            call: leg(Kind::Client, |link, request| Passing::Once(link.call(request))),
            stream: leg(Kind::Client, |link, request| Passing::Many(link.stream(request))),
            publish: leg(Kind::Producer, |link, event| {
                Passing::Event(link.publish(&Arc::new(event)))
            }),
            link,
            layers,
            gate,
        })
    }

    /// The way of a message; `None` for what the system says.
    fn way(&self, leg: &Leg, message: &Message) -> Option<Arc<Way>> {
        let name = message.name().as_str();
        if is_system(name) {
            return None;
        }
        Some(if self.layers.has_some(name) {
            let over = Over { link: Arc::clone(&self.link), pass: leg.pass };
            Way::new(leg.kind, self.layers.chain(name), over)
        } else {
            Arc::clone(&leg.way)
        })
    }
}

/// A message through the chain, behind a net, while the client is there.
async fn through(way: Arc<Way>, gate: Arc<Gate>, name: &str, message: Message) -> Handled {
    let passing = pin!(Net::around(way.run(message)));
    match select(passing, pin!(gate.when_cut().cancelled())).await {
        Either::Left((handled, _)) => {
            handled.unwrap_or_else(|panic| Err(panicked(name, panic).into()))
        }
        Either::Right(_) => Err(Fault::unavailable("the client has disconnected").into()),
    }
}

impl Link for Layered {
    fn call(&self, request: Message) -> Calling {
        let Some(way) = self.way(&self.call, &request) else { return self.link.call(request) };
        let gate = Arc::clone(&self.gate);
        let answer: BoxFuture<'static, Answer> = Box::pin(async move {
            let name = request.name().clone();
            let outcome = through(way, gate, name.as_str(), request).await?;
            Ok(outcome.into_reply(name.as_str())?)
        });
        answer.into()
    }

    fn stream(&self, request: Message) -> Streaming {
        let Some(way) = self.way(&self.stream, &request) else { return self.link.stream(request) };
        let name = request.name().clone();
        let (called, gate) = (name.clone(), Arc::clone(&self.gate));
        let items = async move {
            let outcome = through(way, gate, called.as_str(), request).await?;
            Ok(outcome.into_stream(called.as_str())?)
        };
        // A middleware may have put something around the items that panics, too.
        AssertUnwindSafe(items.try_flatten_stream())
            .catch_unwind()
            .map(move |item| {
                item.unwrap_or_else(|panic| Err(panicked(name.as_str(), panic).into()))
            })
            .boxed()
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        let Some(way) = self.way(&self.publish, event) else { return self.link.publish(event) };
        another(event).map_or_else(Published::Refused, |event| published(way, &self.gate, event))
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        self.link.subscribe(events)
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.link.unsubscribe(subscription);
    }

    fn consume(
        &self,
        durable: Durable,
        handling: Handling,
    ) -> BoxFuture<'static, Result<Consuming, Fault>> {
        self.link.consume(durable, handling)
    }

    fn close(&self, reason: EndReason) {
        self.link.close(reason);
    }

    fn keeps_deadlines(&self) -> bool {
        // Not while a message is still in the chain.
        false
    }

    fn may_be_lost(&self) -> bool {
        self.link.may_be_lost()
    }

    fn hears_bus(&self) -> bool {
        self.link.hears_bus()
    }

    fn missed(&self) {
        self.link.missed();
    }

    fn met(&self, other: &Introduction) {
        self.link.met(other);
    }
}
