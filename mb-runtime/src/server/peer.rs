//! One connected client: its link into the server.

use std::{
    collections::HashMap,
    future::ready,
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, future::select, stream};
use mb_core::{
    Answering, Body, Caller, Calling, ClientInfo, Codec, Context, EndReason, Fault, FaultKind,
    Hello, Host, Link, Message, Name, Published, Streaming, SubscriptionId,
};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Core, requests};
use crate::{
    dispatch::{Handler, answered_otherwise, refused_stream, stopped},
    login::Login,
    wire::system::{self, is_system},
};

pub(super) struct Peer {
    /// A client keeps no server alive, nor the services in it.
    core: Weak<Core>,
    key: u64,
    caller: Arc<Caller>,
    gone: AtomicBool,
    /// Whether its coming was told, so that its going is.
    announced: AtomicBool,
    /// Cancelled when the client leaves by itself: its streams end then.
    leaving: CancellationToken,
    interest: RwLock<Interest>,
    login: watch::Sender<Option<Arc<Login>>>,
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
            announced: AtomicBool::new(false),
            leaving: CancellationToken::new(),
            interest: RwLock::default(),
            login: watch::Sender::default(),
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Whether it gets an event of this name: it asked for it, or never said what it wants.
    pub(super) fn wants(&self, event: &Name) -> bool {
        let interest = self.interest();
        !interest.narrowed || interest.has(event.as_str()) || is_for_all(event)
    }

    /// Whether it asked for an event of this name.
    pub(super) fn names(&self, event: &str) -> bool {
        self.interest().has(event)
    }

    /// Notes who the client says it is.
    pub(super) fn register(&self, core: &Core, hello: Hello) -> Result<ClientInfo, Fault> {
        let info = self.caller.register(hello)?.clone();
        self.announce(core);
        Ok(info)
    }

    /// Tells those who asked for it that this client is there, once.
    pub(super) fn announce(&self, core: &Core) {
        if !self.announced.swap(true, Ordering::AcqRel) {
            core.tell_presence(self.caller.info(), None);
        }
    }

    /// From now on it gets these events, and no others.
    pub(super) fn narrow_to(&self, core: &Core, events: &[String]) -> Result<(), Fault> {
        if events.is_empty() {
            self.interest_mut().narrowed = true;
            return Ok(());
        }
        self.subscribe_to(core, events).map(drop)
    }

    pub(super) fn subscribe_to(
        &self,
        core: &Core,
        events: &[String],
    ) -> Result<SubscriptionId, Fault> {
        let events = events.iter().map(|name| match system::event(name) {
            Some(name) => Ok(name),
            None => core.routes.event(name).map(|event| event.full_name),
        });
        let mut events = events.collect::<Result<Vec<_>, _>>()?;
        events.sort_unstable();
        events.dedup();
        self.interest_mut().add(events, core.limits().subscriptions)
    }

    /// Who is logged in on this connection.
    pub(super) fn login(&self) -> &watch::Sender<Option<Arc<Login>>> {
        &self.login
    }

    /// Dismisses a client that does not log in for this long.
    pub(super) async fn expect_login(self: Arc<Self>, limit: Duration) {
        let mut login = self.login.subscribe();
        let logged_in = pin!(login.wait_for(Option::is_some));
        let gone = pin!(self.leaving.cancelled());
        let logged_in = select(logged_in, gone);
        if timeout(limit, logged_in).await.is_err() {
            self.dismiss(EndReason::NotAuthenticated);
        }
    }

    /// Ends the connection from the server's side.
    pub(super) fn dismiss(&self, reason: EndReason) {
        if self.leave() {
            self.caller.back().close(reason);
            self.left(reason);
        }
    }

    /// The client is none of the server's any more.
    fn left(&self, reason: EndReason) {
        if let Some(core) = self.core.upgrade() {
            core.forget(self.key);
            if self.announced.load(Ordering::Acquire) {
                core.tell_presence(self.caller.info(), Some(reason));
            }
        }
    }

    /// Whether this is when it leaves.
    fn leave(&self) -> bool {
        !self.gone.swap(true, Ordering::AcqRel)
    }

    fn interest(&self) -> RwLockReadGuard<'_, Interest> {
        self.interest.read().unwrap_or_else(PoisonError::into_inner)
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

impl Interest {
    fn has(&self, event: &str) -> bool {
        self.subscriptions.values().flatten().any(|wanted| *wanted == event)
    }

    fn add(&mut self, events: Vec<&'static str>, limit: usize) -> Result<SubscriptionId, Fault> {
        if self.subscriptions.len() >= limit {
            let reason = format!("{limit} subscriptions are as many as a connection may have");
            let fault = Fault::new(FaultKind::RateLimitExceeded, reason);
            return Err(fault.with_details(serde_json::json!({ "limit": limit })));
        }
        self.narrowed = true;
        self.next += 1;
        let id = SubscriptionId(self.next.to_string().into());
        self.subscriptions.insert(id.clone(), events);
        Ok(id)
    }
}

/// Whether everybody gets an event, whatever they asked for.
fn is_for_all(event: &Name) -> bool {
    matches!(event, Name::Text(name) if is_system(name))
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
