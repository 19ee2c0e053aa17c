//! A connection that is made again when it is lost: the same link for whoever calls over it,
//! whichever connection is behind it.
//!
//! What it promises when a connection is lost: an idempotent request is sent again, within its
//! deadline; any other that was under way fails with a retryable `UNAVAILABLE` that says that it
//! may have run, and is never sent twice; every subscription is told that it may have missed
//! something. The new connection is registered, and subscribed to what the old one was, before
//! anybody hears of it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backon::ExponentialBackoff;
use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Answering, Calling, Codec, Connected, EndReason, Failure, Fault, FaultKind, Link,
    Message, Name, Published, Streaming, SubscriptionId,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

use super::{
    ClientStatus, Reconnect,
    dial::{Dialed, Dialer},
    inbound::Inbound,
};
use crate::dispatch::refused_stream;

/// A connection that has lived this long was a good one: the next loss starts with short delays.
const SETTLED: Duration = Duration::from_secs(1);

/// The way to a server, over one connection after another.
pub(super) struct Line {
    dialer: Dialer,
    reconnect: Reconnect,
    inbound: Arc<Inbound>,
    codec: OnceLock<Codec>,
    state: watch::Sender<State>,
    /// The last connection that there was.
    last: Mutex<Option<Connected>>,
    wanted: Mutex<HashMap<SubscriptionId, Wanted>>,
    next: AtomicU64,
}

#[derive(Clone)]
enum State {
    /// Which connection this is, counted from one.
    Up(u64, Connected),
    /// Which connection was lost.
    Down(u64, EndReason),
    /// There will be none any more.
    Over(Fault),
}

/// A subscription, as this side knows it, and as the server does.
struct Wanted {
    events: Vec<String>,
    there: Option<SubscriptionId>,
}

/// Where the session of one connection hands what it gets, and tells its end.
struct Incoming {
    line: Weak<Line>,
    number: u64,
    inbound: Arc<Inbound>,
}

impl Line {
    /// A line with no connection yet.
    fn new(dialer: Dialer, reconnect: Reconnect, inbound: Arc<Inbound>) -> Arc<Self> {
        let state = watch::Sender::new(State::Down(0, EndReason::ConnectionLost));
        let (codec, wanted, next) = (OnceLock::new(), Mutex::default(), AtomicU64::new(1));
        let last = Mutex::default();
        Arc::new(Self { dialer, reconnect, inbound, codec, state, last, wanted, next })
    }

    /// Makes the first connection. One that its engine looks after needs no line.
    pub(super) async fn connect(
        dialer: Dialer,
        reconnect: Reconnect,
        inbound: Arc<Inbound>,
    ) -> Result<(Connected, Option<Arc<Self>>), Fault> {
        let line = Self::new(dialer, reconnect, inbound);
        let mut attempt = 0;
        let dialed = loop {
            match line.dialer.dial(attempt, Incoming::new(&line, 1)).await {
                Ok(dialed) => break dialed,
                Err(fault) if attempt + 1 >= line.dialer.targets.len() => return Err(fault),
                Err(fault) => tracing::info!(%fault, "the next endpoint is tried"),
            }
            attempt += 1;
        };
        match dialed {
            Dialed::Linked(connected) => {
                line.inbound.met(&connected);
                line.inbound.status.send_replace(ClientStatus::Connected);
                Ok((connected, None))
            }
            Dialed::Session(connected, codec) => {
                line.take_over(1, connected.clone(), codec).await?;
                tokio::spawn(Self::keep(Arc::downgrade(&line)));
                Ok((connected, Some(line)))
            }
        }
    }

    /// A line that is not connected yet, and that goes on trying until it is.
    pub(super) fn connect_lazily(
        dialer: Dialer,
        reconnect: Reconnect,
        inbound: Arc<Inbound>,
    ) -> Arc<Self> {
        let line = Self::new(dialer, reconnect, inbound);
        tokio::spawn(Self::keep(Arc::downgrade(&line)));
        line
    }

    /// The present connection, or the last.
    pub(super) fn connected(&self) -> Option<Connected> {
        match &*self.state.borrow() {
            State::Up(_, connected) => Some(connected.clone()),
            _ => self.last.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn link(&self) -> Result<(u64, Arc<dyn Link>), Fault> {
        match &*self.state.borrow() {
            State::Up(number, connected) => Ok((*number, Arc::clone(&connected.link))),
            State::Down(_, reason) => Err(Fault::unavailable(format!("reconnecting: {reason}"))),
            State::Over(fault) => Err(fault.clone()),
        }
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<SubscriptionId, Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of this number is over.
    fn lost(&self, number: u64, reason: EndReason) {
        // A connection is lost once, and is this line's until then.
        if !matches!(&*self.state.borrow(), State::Up(current, _) if *current == number) {
            return;
        }
        // Told before the line is down: whoever looks after it goes on from there, and what it says
        // of the status comes later. What comes from here on comes after the gap.
        self.inbound.hub.gap();
        self.inbound.status.send_if_modified(|status| {
            let open = !matches!(status, ClientStatus::Disconnected(_) | ClientStatus::Error(_));
            if open {
                *status = ClientStatus::Reconnecting(reason);
            }
            open
        });
        self.state.send_if_modified(|state| {
            let current = matches!(state, State::Up(current, _) if *current == number);
            if current {
                *state = State::Down(number, reason);
            }
            current
        });
        tracing::info!(%reason, "a connection was lost");
    }

    /// There will be no connection any more. The first end counts.
    fn finish(&self, fault: Fault, status: ClientStatus, reason: EndReason) {
        self.state.send_if_modified(|state| {
            let open = !matches!(state, State::Over(_));
            if open {
                *state = State::Over(fault);
            }
            open
        });
        self.inbound.end(status, reason);
    }

    /// The connection after the one of this number, before the deadline.
    async fn after(
        &self,
        number: u64,
        deadline: Option<Instant>,
    ) -> Result<(u64, Arc<dyn Link>), Fault> {
        let mut state = self.state.subscribe();
        let next = async {
            let next = state.wait_for(|state| match state {
                State::Up(current, _) => *current > number,
                State::Down(..) => false,
                State::Over(_) => true,
            });
            match next.await.as_deref() {
                Ok(State::Up(current, connected)) => Ok((*current, Arc::clone(&connected.link))),
                Ok(State::Over(fault)) => Err(fault.clone()),
                Ok(State::Down(..)) | Err(_) => Err(Fault::unavailable("the client is gone")),
            }
        };
        match deadline {
            None => next.await,
            Some(deadline) => timeout_at(deadline, next).await.unwrap_or_else(|_| {
                let reason = "there was no connection before the deadline";
                Err(Fault::new(FaultKind::Timeout, reason))
            }),
        }
    }

    /// Sends a request, on one connection after another, until it is answered.
    async fn call_again(self: Arc<Self>, request: Message) -> Answer {
        let (name, context, body) = request.into_parts();
        let codec = self.codec.get().unwrap_or(&Codec::JSON);
        let body = body
            .encode(codec)
            .map_err(|error| Fault::new(FaultKind::ValidationFailed, format!("{name} {error}")))?;
        let deadline = context.deadline();
        let mut number = 0;
        loop {
            let (current, link) = self.after(number, deadline).await?;
            number = current;
            let again = Message::new(name.clone(), context.clone(), body.clone().into());
            match link.call(again).await {
                // What a server says travels as its error: this is what the session says itself.
                Err(Failure::Fault(fault)) if fault.kind() == FaultKind::Unavailable => {
                    tracing::debug!(%name, %fault, "an idempotent request is sent again");
                }
                answer => return answer,
            }
        }
    }

    /// Looks after the line until it is over: makes a new connection whenever one is lost.
    async fn keep(line: Weak<Self>) {
        let mut delays = None;
        let mut attempt = 0;
        while let Some((number, reason)) = Self::until_lost(&line, &mut delays).await {
            let Some(delay) = Self::delay(&line, &mut delays) else {
                if let Some(line) = line.upgrade() {
                    let fault = Fault::unavailable(reason.to_string());
                    line.finish(fault, ClientStatus::Disconnected(reason), reason);
                }
                return;
            };
            sleep(delay).await;
            let Some(line) = line.upgrade() else { return };
            if let Err(fault) = line.renew(number + 1, attempt).await {
                line.inbound.report(fault.clone());
                if !fault.is_retryable() {
                    tracing::warn!(%fault, "the server refuses this client: it gives up");
                    let status = ClientStatus::Error(fault.kind());
                    line.finish(fault, status, EndReason::ConnectionLost);
                    return;
                }
            }
            // In turn, where there are several endpoints.
            attempt += 1;
        }
    }

    /// Waits until there is no connection. `None` where there will be none any more.
    async fn until_lost(
        line: &Weak<Self>,
        delays: &mut Option<ExponentialBackoff>,
    ) -> Option<(u64, EndReason)> {
        let mut state = line.upgrade()?.state.subscribe();
        let since = Instant::now();
        let lost = state.wait_for(|state| !matches!(state, State::Up(..))).await;
        if since.elapsed() >= SETTLED {
            *delays = None;
        }
        match lost.as_deref() {
            Ok(State::Down(number, reason)) => Some((*number, *reason)),
            _ => None,
        }
    }

    fn delay(line: &Weak<Self>, delays: &mut Option<ExponentialBackoff>) -> Option<Duration> {
        match delays {
            Some(delays) => delays.next(),
            None => delays.insert(line.upgrade()?.reconnect.delays()).next(),
        }
    }

    /// One attempt to get a connection.
    async fn renew(self: &Arc<Self>, number: u64, attempt: usize) -> Result<(), Fault> {
        let dialed = self.dialer.dial(attempt, Incoming::new(self, number)).await?;
        match dialed {
            Dialed::Session(connected, codec) => self.take_over(number, connected, codec).await,
            Dialed::Linked(connected) => self.take_over(number, connected, Codec::JSON).await,
        }
    }

    /// Makes a registered connection this line's, once it has everything the last one had.
    async fn take_over(
        &self,
        number: u64,
        connected: Connected,
        codec: Codec,
    ) -> Result<(), Fault> {
        let unwanted = Unwanted(Some(Arc::clone(&connected.link)));
        let _ = self.codec.set(codec);
        self.inbound.met(&connected);
        self.subscribe_again(&*connected.link).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected.clone());
        let up = self.state.send_if_modified(|state| {
            let down = matches!(state, State::Down(..));
            if down {
                *state = State::Up(number, connected);
            }
            down
        });
        if !up {
            return Ok(());
        }
        unwanted.keep();
        self.inbound.status.send_if_modified(|status| {
            let waiting =
                matches!(status, ClientStatus::Reconnecting(_) | ClientStatus::Connecting);
            if waiting {
                *status = ClientStatus::Connected;
            }
            waiting
        });
        Ok(())
    }

    async fn subscribe_again(&self, link: &dyn Link) -> Result<(), Fault> {
        let wanted: Vec<_> = {
            let mut wanted = self.wanted();
            wanted.values_mut().for_each(|wanted| wanted.there = None);
            wanted.iter().map(|(id, wanted)| (id.clone(), wanted.events.clone())).collect()
        };
        for (id, events) in wanted {
            let there = link.subscribe(events).await?;
            match self.wanted().get_mut(&id) {
                Some(wanted) => wanted.there = Some(there),
                // Taken back meanwhile.
                None => link.unsubscribe(there),
            }
        }
        Ok(())
    }

    async fn subscribe(self: Arc<Self>, events: Vec<String>) -> Result<SubscriptionId, Fault> {
        let (number, link) = self.link()?;
        let id = SubscriptionId(self.next.fetch_add(1, Ordering::Relaxed).to_string().into());
        // Noted before it is there: a connection made meanwhile makes it too.
        let place = Noted { line: &self, id: Some(id.clone()) };
        self.wanted().insert(id.clone(), Wanted { events: events.clone(), there: None });
        let there = link.subscribe(events).await;
        match there {
            Ok(there) => {
                // On a connection that was lost meanwhile it means nothing any more.
                if self.link().is_ok_and(|(current, _)| current == number)
                    && let Some(wanted) = self.wanted().get_mut(&id)
                {
                    wanted.there = Some(there);
                }
            }
            // Lost on the way: the next connection makes it.
            Err(fault) if fault.may_have_run() && self.link().is_err() => {}
            Err(fault) => return Err(fault),
        }
        place.keep();
        Ok(id)
    }
}

/// A link that is closed unless somebody keeps it.
struct Unwanted(Option<Arc<dyn Link>>);

impl Unwanted {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unwanted {
    fn drop(&mut self) {
        if let Some(link) = self.0.take() {
            link.close(EndReason::ClientDisconnected);
        }
    }
}

/// A subscription that is forgotten unless somebody keeps it.
struct Noted<'a> {
    line: &'a Line,
    id: Option<SubscriptionId>,
}

impl Noted<'_> {
    fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.line.wanted().remove(&id);
        }
    }
}

/// The line as a link: whoever calls over it does not notice which connection is behind it.
pub(super) struct LineLink(pub(super) Arc<Line>);

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

    fn close(&self, reason: EndReason) {
        let link = self.0.link();
        let fault = Fault::unavailable(reason.to_string());
        self.0.finish(fault, ClientStatus::Disconnected(reason), reason);
        if let Ok((_, link)) = link {
            link.close(reason);
        }
    }

    fn keeps_deadlines(&self) -> bool {
        // Those of idempotent requests end while they wait, all others are never made to wait.
        true
    }
}

impl Incoming {
    fn new(line: &Arc<Line>, number: u64) -> Arc<Self> {
        let inbound = Arc::clone(&line.inbound);
        Arc::new(Self { line: Arc::downgrade(line), number, inbound })
    }
}

impl Link for Incoming {
    fn call(&self, request: Message) -> Calling {
        self.inbound.call(request)
    }

    fn stream(&self, request: Message) -> Streaming {
        self.inbound.stream(request)
    }

    fn answer(&self, request: Message) -> Answering {
        self.inbound.answer(request)
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

    fn close(&self, reason: EndReason) {
        match self.line.upgrade() {
            Some(line) => line.lost(self.number, reason),
            None => self.inbound.close(reason),
        }
    }
}
