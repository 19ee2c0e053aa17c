//! A connection that is made again when it is lost: the same link for whoever calls over it,
//! whichever connection is behind it.
//!
//! What it promises when a connection is lost: an idempotent request is sent again, within its
//! deadline; any other that was under way fails with a retryable `UNAVAILABLE` that says that it
//! may have run, and is never sent twice; every subscription is told that it may have missed
//! something. The new connection is registered, and subscribed to what the old one was, before
//! anybody hears of it.

mod keep;
mod link;
mod wanted;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64},
    },
};

use mb_core::{
    Answer, Codec, Connected, EndReason, Failure, Fault, FaultKind, Link, Message, SubscriptionId,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use self::{link::Incoming, wanted::Wanted};
use super::{
    ClientStatus, Reconnect,
    dial::{Dialed, Dialer},
    inbound::Inbound,
};
pub(super) use link::LineLink;

/// The way to a server, over one connection after another.
pub(super) struct Line {
    dialer: Dialer,
    reconnect: Reconnect,
    inbound: Arc<Inbound>,
    codec: OnceLock<Codec>,
    state: watch::Sender<State>,
    /// The last connection that there was.
    last: Mutex<Option<Connected>>,
    /// What its last attempt to connect has failed with, while there is no connection.
    trouble: Mutex<Option<Fault>>,
    wanted: Mutex<HashMap<SubscriptionId, Wanted>>,
    next: AtomicU64,
    /// How many connections were attempted: each has a number of its own, as one that was given up
    /// may tell of its end long after.
    attempts: AtomicU64,
    /// Whether the present connection ends calls at their deadlines by itself.
    keeps_deadlines: AtomicBool,
}

#[derive(Clone)]
enum State {
    /// Which connection this is, counted from one.
    Up(u64, Connected),
    /// Which connection was lost last, be it one that was not in use yet.
    Down(u64, EndReason),
    /// There will be none any more.
    Over(Fault),
}

impl Line {
    /// A line with no connection yet.
    fn new(dialer: Dialer, reconnect: Reconnect, inbound: Arc<Inbound>) -> Arc<Self> {
        let state = watch::Sender::new(State::Down(0, EndReason::ConnectionLost));
        let (codec, wanted, next) = (OnceLock::new(), Mutex::default(), AtomicU64::new(1));
        let (last, attempts) = (Mutex::default(), AtomicU64::new(0));
        let keeps_deadlines = AtomicBool::new(true);
        Arc::new(Self {
            dialer,
            reconnect,
            inbound,
            codec,
            state,
            last,
            trouble: Mutex::default(),
            wanted,
            next,
            attempts,
            keeps_deadlines,
        })
    }

    /// Makes the first connection. One that its engine looks after needs no line.
    pub(super) async fn connect(
        dialer: Dialer,
        reconnect: Reconnect,
        inbound: Arc<Inbound>,
    ) -> Result<(Connected, Option<Arc<Self>>), Fault> {
        let line = Self::new(dialer, reconnect, inbound);
        let mut attempt = 0;
        let (number, (dialed, as_of)) = loop {
            let (number, incoming) = Incoming::new(&line);
            match line.dialer.dial(attempt, incoming).await {
                Ok(dialed) => break (number, dialed),
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
                line.take_over(number, connected.clone(), codec, as_of).await?;
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
            State::Down(0, _) => Err(self.down("the client has not connected yet".to_owned())),
            State::Down(_, reason) => Err(self.down(format!("reconnecting: {reason}"))),
            State::Over(fault) => Err(fault.clone()),
        }
    }

    fn down(&self, why: String) -> Fault {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        Fault::unavailable(match &*trouble {
            None => why,
            // What this program says to itself, such as why it has no credentials, is not for all callers.
            Some(fault) if fault.kind() == FaultKind::Internal => {
                format!("{why}; it goes on trying, last: {}", fault.code())
            }
            Some(fault) => format!("{why}; it goes on trying, last: {}", fault.message()),
        })
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<SubscriptionId, Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of this number is over.
    fn lost(&self, number: u64, reason: EndReason) {
        self.state.send_if_modified(|state| {
            let ended = match state {
                State::Up(current, _) => *current == number,
                // Before it was in use, maybe between its registration and that.
                State::Down(last, _) => *last < number,
                State::Over(_) => false,
            };
            if ended {
                // Told before anybody can act on it: what comes from here on comes after the gap, and
                // the status is never behind the state.
                if matches!(state, State::Up(..)) {
                    self.inbound.hub.gap();
                    self.inbound.status.send_replace(ClientStatus::Reconnecting(reason));
                    tracing::info!(%reason, "a connection was lost");
                }
                *state = State::Down(number, reason);
            }
            ended
        });
    }

    /// There will be no connection any more. The first end counts.
    fn finish(&self, fault: Fault, status: ClientStatus, reason: EndReason) {
        self.state.send_if_modified(|state| {
            let open = !matches!(state, State::Over(_));
            if open {
                self.inbound.set_final(status);
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
            let calling = link.call(again);
            let answer = match deadline {
                Some(deadline) if !link.keeps_deadlines() => timeout_at(deadline, calling)
                    .await
                    .unwrap_or_else(|_| Err(Fault::late(&name).into())),
                _ => calling.await,
            };
            match answer {
                // What a server says travels as its error: this is what the session says itself.
                Err(Failure::Fault(fault)) if fault.kind() == FaultKind::Unavailable => {
                    tracing::debug!(%name, %fault, "an idempotent request is sent again");
                }
                answer => return answer,
            }
        }
    }
}
