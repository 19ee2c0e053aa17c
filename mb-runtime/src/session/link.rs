//! The way to the other side of a session: events as frames, and what the system itself asks for.
//! Calls and streams are [`outgoing`].

use std::{
    sync::{Arc, atomic::Ordering},
    task::{self, Poll, Waker},
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Body, Calling, Context, EncodeError, EndReason, Failure, Fault, FaultKind,
    Introduction, Link, Message, Name, Published, Streaming, SubscriptionId, refused_stream,
};

use super::{Shared, machine::Unheard, outgoing, wake};
use crate::wire::{self, system};

/// The way to the other side of a session.
pub(crate) struct SessionLink(pub(super) Arc<Shared>);

impl Link for SessionLink {
    fn call(&self, request: Message) -> Calling {
        // The other side would wait to be asked for items, and this one for an answer.
        if let Name::Request(declared) = request.name()
            && declared.streamed
        {
            return Calling::refused(declared.answered_otherwise());
        }
        outgoing::once(&self.0, request)
    }

    fn stream(&self, request: Message) -> Streaming {
        if let Name::Request(declared) = request.name()
            && !declared.streamed
        {
            return refused_stream(declared.answered_otherwise());
        }
        outgoing::many(&self.0, request)
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        match self.0.announce(event) {
            Ok(()) => Published::Accepted,
            Err(Unsent::Fault(fault)) => Published::Refused(fault),
            Err(Unsent::Full(frame)) => {
                let shared = Arc::clone(&self.0);
                Published::Waiting(Box::pin(async move { shared.announce_later(frame).await }))
            }
        }
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let body = Body::new(system::Subscribe { client_id: None, events });
        let asked = self.call(system_request(system::SUBSCRIBE, body));
        Box::pin(async move {
            let subscribed: system::Subscribed = understood(asked.await)?;
            Ok(SubscriptionId(subscribed.subscription_id.into()))
        })
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        let subscription_id = subscription.0.to_string();
        let body = Body::new(system::Unsubscribe { client_id: None, subscription_id });
        self.0.request_and_forget(system::UNSUBSCRIBE, &body);
    }

    fn close(&self, reason: EndReason) {
        self.0.end(|machine, wakers| machine.close(reason, wakers));
    }

    fn keeps_deadlines(&self) -> bool {
        true
    }

    fn met(&self, other: &Introduction) {
        self.0.full_names.store(other.knows_contracts, Ordering::Relaxed);
        if let Some(largest) = other.max_message {
            self.0.max_frame.store(largest, Ordering::Relaxed);
        }
    }
}

/// A request of the system's own.
pub(crate) fn system_request(name: &'static str, body: Body) -> Message {
    Message::new(Name::text(name), Context::new(), body)
}

/// The answer to a request of the system's own.
pub(crate) fn understood<T: mb_core::Payload>(answer: Answer) -> Result<T, Fault> {
    match answer {
        Ok(body) => body.decode().map_err(|error| {
            let reason = format!("the other side's answer is not as it should be: {error}");
            Fault::new(FaultKind::ContractMismatch, reason)
        }),
        Err(Failure::Declared(error)) => Err(match error.resolve::<mb_core::Never>() {
            Failure::Declared(never) => match never {},
            Failure::Fault(fault) => fault,
        }),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

enum Unsent {
    Fault(Fault),
    Full(Bytes),
}

impl Shared {
    fn announce(&self, event: &Arc<Message>) -> Result<(), Unsent> {
        let written = event.frame(&self.codec, || {
            wire::event(&self.codec, self.name_of(event.name()), event.body(), event.context())
        });
        let frame = written.map_err(|error| Unsent::Fault(unwritable(event.name(), &error)))?;
        self.check_size(event.name(), &frame).map_err(Unsent::Fault)?;
        let mut machine = self.lock();
        if self.is_client && !machine.has_room() {
            return Err(Unsent::Full(frame));
        }
        let sent = machine.announce(frame);
        drop(machine);
        self.heard(sent).map_err(Unsent::Fault)
    }

    async fn announce_later(&self, frame: Bytes) -> Result<(), Fault> {
        std::future::poll_fn(|cx| self.lock().poll_room(cx)).await;
        let sent = self.lock().announce(frame);
        self.heard(sent)
    }

    /// Wakes whoever is to be woken after an event was queued, or was not.
    fn heard(&self, sent: Result<Option<Waker>, Unheard>) -> Result<(), Fault> {
        match sent {
            Ok(waker) => {
                wake(waker);
                Ok(())
            }
            Err(Unheard { reason, wakers }) => {
                wake(wakers);
                self.sooner.notify_one();
                Err(Fault::unavailable(reason.to_string()))
            }
        }
    }

    pub(super) fn check_size(&self, name: &Name, frame: &Bytes) -> Result<(), Fault> {
        let largest = self.max_frame.load(Ordering::Relaxed);
        if frame.len() <= largest {
            return Ok(());
        }
        let size = frame.len();
        let reason = format!(
            "{name} takes {size} bytes, the other side takes {largest} at most: send less, or raise \
             `Limits::max_message` there"
        );
        let details = serde_json::json!({ "bytes": size, "limit": largest });
        Err(Fault::new(FaultKind::PayloadTooLarge, reason).with_details(details))
    }

    /// Asks for something whose answer is of no interest.
    fn request_and_forget(&self, name: &'static str, body: &Body) {
        let mut machine = self.lock();
        let cx = task::Context::from_waker(task::Waker::noop());
        let started = machine.poll_start(None, None, &mut None, &cx);
        // With every place taken, the other side has more to do than this.
        let Poll::Ready(Ok(id)) = started else { return };
        machine.release(id);
        drop(machine);
        let mut number = itoa::Buffer::new();
        let id = number.format(id.number());
        if let Ok(frame) = wire::request(&self.codec, id, name, body, &Context::new()) {
            self.send(frame);
        }
    }
}

pub(super) fn unwritable(name: &Name, error: &EncodeError) -> Fault {
    Fault::new(FaultKind::ValidationFailed, format!("{name} {error}"))
}
