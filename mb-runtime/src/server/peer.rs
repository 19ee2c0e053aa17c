//! One connected client: its link into the server.

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Arc, PoisonError, RwLock, RwLockWriteGuard, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use mb_core::{
    Caller, Calling, Codec, Context, EndReason, Fault, FaultKind, Link, Message, Name, Published,
    Streaming, SubscriptionId,
};

use tokio_util::sync::CancellationToken;

use super::Core;
use crate::dispatch::{Handler, Route, refused_stream, stopped};

pub(super) struct Peer {
    /// A client keeps no server alive, nor the services in it.
    core: Weak<Core>,
    key: u64,
    caller: Arc<Caller>,
    gone: AtomicBool,
    /// Cancelled when the client leaves by itself: its streams end then.
    leaving: CancellationToken,
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
    pub(super) fn new(core: &Arc<Core>, key: u64, caller: Arc<Caller>) -> Self {
        Self {
            core: Arc::downgrade(core),
            key,
            caller,
            gone: AtomicBool::new(false),
            leaving: CancellationToken::new(),
            interest: RwLock::default(),
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
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
        if self.leave() {
            self.caller.back().close(reason);
        }
    }

    /// Whether this is when it leaves.
    fn leave(&self) -> bool {
        !self.gone.swap(true, Ordering::AcqRel)
    }

    fn interest_mut(&self) -> RwLockWriteGuard<'_, Interest> {
        self.interest.write().unwrap_or_else(PoisonError::into_inner)
    }

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
        Context::received(context, Arc::clone(&self.caller))
    }

    fn emitted(&self, event: &Message) -> Result<Published, Fault> {
        let core = self.core()?;
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
        let (name, context, body) = request.into_parts();
        let route = core.routes.request(&name)?;
        match &route.handler {
            Handler::Unary(handler) => Ok(handler(self.admit(context), body)),
            Handler::Streamed(_) => Err(answered_otherwise(route)),
        }
    }

    fn streamed(&self, request: Message) -> Result<Streaming, Fault> {
        let core = self.core()?;
        let (name, context, body) = request.into_parts();
        let route = core.routes.request(&name)?;
        match &route.handler {
            Handler::Streamed(handler) => {
                Ok(until(handler(self.admit(context), body), self.leaving.clone()))
            }
            Handler::Unary(_) => Err(answered_otherwise(route)),
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

    fn publish(&self, event: &Arc<Message>) -> Published {
        self.emitted(event).unwrap_or_else(Published::Refused)
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let subscribed = self.core().and_then(|core| {
            let events = events
                .iter()
                .map(|name| core.routes.event(name).map(|event| event.full_name))
                .collect::<Result<_, _>>()?;
            Ok(self.interest_mut().add(events))
        });
        Box::pin(std::future::ready(subscribed))
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.interest_mut().subscriptions.remove(&subscription);
    }

    fn close(&self, _: EndReason) {
        if self.leave() {
            self.leaving.cancel();
            if let Some(core) = self.core.upgrade() {
                core.forget(self.key);
            }
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

fn answered_otherwise(route: &Route) -> Fault {
    let request = route.descriptor;
    let how = if request.streamed { "by a stream, not once" } else { "once, not by a stream" };
    Fault::new(FaultKind::ValidationFailed, format!("{} is answered {how}", request.full_name))
}
