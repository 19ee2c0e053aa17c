//! The two links of a line: the one that its client calls over, and the one that the session of each
//! connection hands what it gets.

use std::sync::{Arc, Weak, atomic::Ordering};

use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Answering, Body, Calling, Consuming, Context, Durable, EndReason, Fault, Handling,
    Link, Message, Name, Published, Streaming, SubscriptionId, refused_stream,
};

use super::Line;
use crate::client::{ClientStatus, inbound::Inbound};

/// The line as a link: whoever calls over it does not notice which connection is behind it.
pub(in crate::client) struct LineLink(pub(in crate::client) Arc<Line>);

impl Link for LineLink {
    fn call(&self, request: Message) -> Calling {
        if let Name::Request(descriptor) = request.name()
            && descriptor.idempotent
        {
            let answer: BoxFuture<'static, Answer> =
                Box::pin(Arc::clone(&self.0).call_again(request));
            return answer.into();
        }
        self.0.link().map_or_else(Calling::refused, |(_, link)| link.call(request))
    }

    fn stream(&self, request: Message) -> Streaming {
        self.0.link().map_or_else(refused_stream, |(_, link)| link.stream(request))
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.0.link().map_or_else(Published::Refused, |(_, link)| link.publish(event))
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        Box::pin(Arc::clone(&self.0).subscribe(events))
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        let wanted = self.0.wanted().remove(&subscription);
        if let (Some(there), Ok((_, link))) = (wanted.and_then(|w| w.there), self.0.link()) {
            link.unsubscribe(there);
        }
    }

    fn consume(
        &self,
        durable: Durable,
        handling: Handling,
    ) -> BoxFuture<'static, Result<Consuming, Fault>> {
        match self.0.link() {
            Ok((_, link)) => link.consume(durable, handling),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }

    fn close(&self, reason: EndReason) {
        let link = self.0.link();
        // It was this side's own wish: nothing changes by trying again.
        let fault = Fault::unavailable(reason.to_string()).with_retryable(false);
        self.0.finish(fault, ClientStatus::Disconnected(reason), reason);
        if let Ok((_, link)) = link {
            link.close(reason);
        }
    }

    fn keeps_deadlines(&self) -> bool {
        // Those of idempotent requests end while they wait, all others are never made to wait.
        self.0.keeps_deadlines.load(Ordering::Relaxed)
    }
}

/// Where the session of one connection hands what it gets, and tells its end.
pub(super) struct Incoming {
    line: Weak<Line>,
    number: u64,
    inbound: Arc<Inbound>,
}

impl Incoming {
    /// For the next connection, and which that is.
    pub(super) fn new(line: &Arc<Line>) -> (u64, Arc<Self>) {
        let inbound = Arc::clone(&line.inbound);
        let number = line.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        (number, Arc::new(Self { line: Arc::downgrade(line), number, inbound }))
    }
}

impl Link for Incoming {
    fn call(&self, request: Message) -> Calling {
        self.inbound.call(request)
    }

    fn stream(&self, request: Message) -> Streaming {
        self.inbound.stream(request)
    }

    fn answer(&self, name: &str, context: Context, body: Body) -> Answering {
        self.inbound.answer(name, context, body)
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.inbound.publish(event)
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        self.inbound.subscribe(events)
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.inbound.unsubscribe(subscription);
    }

    fn missed(&self) {
        self.inbound.missed();
    }

    fn close(&self, reason: EndReason) {
        match self.line.upgrade() {
            Some(line) => line.lost(self.number, reason),
            None => self.inbound.close(reason),
        }
    }
}
