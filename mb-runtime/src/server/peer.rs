//! One connected client: its link into the server.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_core::future::BoxFuture;
use mb_core::{
    Body, Caller, Calling, Codec, Context, EndReason, Fault, FaultKind, Link, Message, Name,
    Published, Streaming, SubscriptionId,
};

use super::Core;
use crate::dispatch::{Handler, Route, refused_stream, stopped};

pub(super) struct Peer {
    core: Arc<Core>,
    key: u64,
    caller: Arc<Caller>,
    gone: AtomicBool,
    interest: RwLock<Interest>,
}

/// Which events a client gets: all of them, until it has subscribed for the first time.
#[derive(Default)]
struct Interest {
    narrowed: bool,
    subscriptions: HashMap<SubscriptionId, Vec<&'static str>>,
    next: u64,
}

impl Peer {
    pub(super) fn new(core: Arc<Core>, key: u64, caller: Arc<Caller>) -> Self {
        Self { core, key, caller, gone: AtomicBool::new(false), interest: RwLock::default() }
    }

    pub(super) fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    pub(super) fn wants(&self, event: &str) -> bool {
        let interest = self.interest.read().unwrap_or_else(PoisonError::into_inner);
        !interest.narrowed
            || interest.subscriptions.values().flatten().any(|wanted| *wanted == event)
    }

    /// Ends the connection from the server's side.
    pub(super) fn dismiss(&self, reason: EndReason) {
        if !self.gone.swap(true, Ordering::AcqRel) {
            self.caller.back().close(reason);
        }
    }

    fn interest_mut(&self) -> RwLockWriteGuard<'_, Interest> {
        self.interest.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn here(&self) -> Result<(), Fault> {
        if !self.gone.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(if self.core.gate.is_closed() {
            stopped()
        } else {
            Fault::unavailable("this client has disconnected")
        })
    }

    /// The route of a request, and the request as the server sees it.
    #[inline]
    fn admit(&self, request: Message) -> Result<(&Route, Context, Body), Fault> {
        self.here()?;
        let (name, context, body) = request.into_parts();
        let route = self.core.routes.request(&name)?;
        Ok((route, Context::received(context, Arc::clone(&self.caller)), body))
    }

    fn emitted(&self, event: &Message) -> Result<Published, Fault> {
        self.here()?;
        let descriptor = self.core.routes.event(event.name().as_str())?;
        let body = match event.body().share() {
            Some(body) => body,
            None => event
                .body()
                .encode(&Codec::JSON)
                .map_err(|error| Fault::new(FaultKind::ValidationFailed, error.to_string()))?
                .into(),
        };
        let context = Context::received(event.context().clone(), Arc::clone(&self.caller));
        let event = Message::new(Name::Event(descriptor), context, body);
        Ok(self.core.hub.publish(&Arc::new(event)))
    }
}

impl Link for Peer {
    fn call(&self, request: Message) -> Calling {
        match self.admit(request) {
            Ok((route, context, body)) => match &route.handler {
                Handler::Unary(handler) => handler(context, body),
                Handler::Streamed(_) => Calling::refused(answered_otherwise(route)),
            },
            Err(fault) => Calling::refused(fault),
        }
    }

    fn stream(&self, request: Message) -> Streaming {
        match self.admit(request) {
            Ok((route, context, body)) => match &route.handler {
                Handler::Streamed(handler) => handler(context, body),
                Handler::Unary(_) => refused_stream(answered_otherwise(route)),
            },
            Err(fault) => refused_stream(fault),
        }
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.emitted(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let subscribed = self.here().and_then(|()| {
            let events = events
                .iter()
                .map(|name| self.core.routes.event(name).map(|event| event.full_name))
                .collect::<Result<_, _>>()?;
            Ok(self.interest_mut().add(events))
        });
        Box::pin(std::future::ready(subscribed))
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.interest_mut().subscriptions.remove(&subscription);
    }

    fn close(&self, _: EndReason) {
        if !self.gone.swap(true, Ordering::AcqRel) {
            self.core.forget(self.key);
        }
    }
}

impl Interest {
    fn add(&mut self, events: Vec<&'static str>) -> SubscriptionId {
        self.narrowed = true;
        self.next += 1;
        let id = SubscriptionId(self.next);
        self.subscriptions.insert(id, events);
        id
    }
}

fn answered_otherwise(route: &Route) -> Fault {
    let request = route.descriptor;
    let how = if request.streamed { "by a stream, not once" } else { "once, not by a stream" };
    Fault::new(FaultKind::ValidationFailed, format!("{} is answered {how}", request.full_name))
}
