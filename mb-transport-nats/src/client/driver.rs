//! The one task of a client: takes what comes, in its order, keeps time, gives signs of life, and
//! notices the end.

mod events;
mod life;

use std::{collections::HashSet, pin::pin, sync::Arc, time::Duration};

use async_nats::{Message as NatsMessage, StatusCode, Subject, Subscriber};
use futures_core::future::BoxFuture;
use mb_core::{EndReason, Fault, WireError};
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{joining, shared::Shared};
use crate::{
    connect::{Denied, Health},
    headers,
    intake::Intake,
    join::{Bye, Joined},
    pending::Key,
    subjects::{kind, last},
    token::decode,
};

/// What comes, causes before effects: an event before the answer that follows it, an answer before
/// the goodbye of whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Event,
    Inbox,
    Told,
    News,
}

/// What the driver is asked for.
pub(crate) enum Command {
    Listen(Subject, Subscriber),
    Ignore(Subject),
    Leave,
}

/// How long what is left may take to reach the network.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How many messages are handled at least before other tasks get a turn: a write that carries fewer
/// costs more than it saves.
const SHORTEST_TURN: usize = 8;

/// As far away as a clock can tell: a year.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) struct Driver {
    shared: Arc<Shared>,
    intake: Intake<Kind>,
    commands: mpsc::Receiver<Command>,
    health: watch::Receiver<Health>,
    denied: mpsc::Receiver<Denied>,
    dropped: u64,
    /// An event that makes its publishers wait.
    waiting: Option<BoxFuture<'static, Result<(), Fault>>>,
    named: HashSet<Key>,
}

impl Driver {
    pub(super) async fn start(
        shared: &Arc<Shared>,
        to: &str,
        commands: mpsc::Receiver<Command>,
        (health, denied): (watch::Receiver<Health>, mpsc::Receiver<Denied>),
    ) -> Result<Self, Fault> {
        let mut intake = Intake::new();
        let subscriptions = [
            (Kind::Event, format!("{to}.evt")),
            (Kind::Event, shared.space.system("evt.*").to_string()),
            (Kind::Inbox, format!("{}*", shared.out.base)),
            (Kind::Told, format!("{to}.do.*")),
            (Kind::News, shared.space.system("clients.*").to_string()),
        ];
        for (kind, subject) in subscriptions {
            let subscriber = shared.out.nats.subscribe(subject).await.map_err(|error| {
                Fault::unavailable(format!("the connection cannot be listened to: {error}"))
            })?;
            intake.add(kind, subscriber);
        }
        Ok(Self {
            shared: Arc::clone(shared),
            intake,
            commands,
            health,
            denied,
            dropped: 0,
            waiting: None,
            named: HashSet::new(),
        })
    }

    pub(super) async fn run(mut self) {
        let every = self.shared.limits.heartbeat.clamp(Duration::from_millis(1), FAR);
        let mut beat = interval_at(Instant::now() + every, every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = pin!(sleep_until(Instant::now() + FAR));
        while self.shared.out.pending.closed().is_none() {
            let waiting = async {
                match &mut self.waiting {
                    Some(waiting) => waiting.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = waiting => {
                    if let Err(fault) = done {
                        tracing::debug!(%fault, "an event had no room in time");
                    }
                    self.waiting = None;
                    self.intake.pause(None);
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                message = self.intake.next() => match message {
                    Some((kind, message)) => self.take(kind, message).await,
                    None => self.shared.lost(EndReason::ConnectionLost),
                },
                changed = self.health.changed() => {
                    let health = *self.health.borrow_and_update();
                    self.check(health, changed.is_err());
                }
                Some(denied) = self.denied.recv() => self.deny(&denied),
                _ = beat.tick() => self.beat(),
                () = self.shared.out.sooner.notified() => {
                    let next = self.shared.out.pending.expire(Instant::now());
                    late.as_mut().reset(next.unwrap_or_else(|| Instant::now() + FAR));
                }
                () = &mut late => {
                    let next = self.shared.out.pending.expire(Instant::now());
                    late.as_mut().reset(next.unwrap_or_else(|| Instant::now() + FAR));
                }
            }
        }
        // Within the time that the network allows: a goodbye that does not arrive is noticed too.
        let _ = timeout(LAST_WORDS, self.shared.out.nats.flush()).await;
    }

    /// Handles a message and what came with it. Whoever has one of the first answers makes the next
    /// requests before the others are handed over: with all of them at once, this side and the servers
    /// would wait for each other in turns.
    async fn take(&mut self, kind: Kind, message: NatsMessage) {
        let turn = (self.shared.out.pending.under_way() / 2).max(SHORTEST_TURN);
        let (mut next, mut handled) = (Some((kind, message)), 0);
        while let Some((kind, message)) = next {
            if handled == turn {
                yield_now().await;
                handled = 0;
            }
            self.handle(kind, message).await;
            handled += 1;
            next = self.intake.take_ready();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Listen(subject, subscriber) => {
                let name = subject.to_string();
                self.intake.add_named(Kind::Event, subscriber, subject);
                if !self.shared.needs(&name) {
                    self.intake.forget(&name);
                }
            }
            Command::Ignore(subject) => {
                // Asked for again meanwhile, there is another subscription behind it.
                self.intake.forget(subject.as_str());
            }
            Command::Leave => {}
        }
    }

    fn check(&mut self, health: Health, gone: bool) {
        if health.dropped > self.dropped {
            tracing::warn!(dropped = health.dropped - self.dropped, "messages were dropped");
            self.dropped = health.dropped;
            self.shared.inbound.missed();
        }
        if gone || health.lost > 0 {
            self.shared.lost(EndReason::ConnectionLost);
        }
    }

    /// The engine does not let this program's user do something: whoever waits for it is told.
    fn deny(&self, denied: &Denied) {
        let shared = &self.shared;
        match denied {
            Denied::Publish(subject) if kind(subject) == "emit" || subject.starts_with('$') => {
                self.tell_error(&denied.fault());
            }
            Denied::Publish(subject) => {
                shared.out.pending.deny(subject);
                if *subject == *shared.space.system("door.join") {
                    shared.roster.send_modify(|roster| roster.refused = Some(denied.fault()));
                }
            }
            // Without what is for it alone, it would wait in vain.
            Denied::Subscribe(subject) if subject.starts_with(shared.out.base.as_str()) => {
                shared.roster.send_modify(|roster| roster.refused = Some(denied.fault()));
            }
            Denied::Subscribe(_) => self.tell_error(&denied.fault()),
        }
    }

    async fn handle(&mut self, kind: Kind, message: NatsMessage) {
        match kind {
            Kind::Event => self.event(message),
            Kind::Inbox => self.answer(message),
            Kind::Told => self.told(message).await,
            Kind::News => {
                // A server that has come, or come back: it hears who is there.
                let instance = String::from_utf8_lossy(&message.payload).into_owned();
                if decode(&instance).is_some() {
                    joining::ask_one(&self.shared, &instance);
                }
            }
        }
    }

    fn answer(&mut self, message: NatsMessage) {
        match last(&message.subject) {
            "join" => self.joined(&message),
            token if let Some(instance) = token.strip_prefix(joining::ONE) => {
                if message.status == Some(StatusCode::NO_RESPONDERS) {
                    let instance = instance.to_owned();
                    self.gone(&instance, EndReason::ConnectionLost);
                } else {
                    self.joined(&message);
                }
            }
            "beat" => self.alive(&message),
            token if token.starts_with("quiet_") => {
                if message.status == Some(StatusCode::NO_RESPONDERS) {
                    let instance = token.trim_start_matches("quiet_").to_owned();
                    self.gone(&instance, EndReason::ConnectionLost);
                } else {
                    self.alive(&message);
                }
            }
            token => {
                let accepted = headers::get(message.headers.as_ref(), headers::ERROR).is_none();
                let key = Key::read(token);
                let wants = key.and_then(|key| self.shared.out.pending.deliver(key, message));
                if let (Some(wants), true) = (wants, accepted) {
                    self.shared.want(&wants);
                }
            }
        }
    }

    fn joined(&self, message: &NatsMessage) {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            // Somebody who was there before is told about by their silence.
            self.shared.roster.send_modify(|roster| roster.nobody = roster.servers.is_empty());
            return;
        }
        if let Ok(joined) = serde_json::from_slice::<Joined>(&message.payload) {
            // It becomes part of subjects.
            if decode(&joined.instance).is_none() {
                return;
            }
            if let Some(refused) = joined.refused.clone().map(Fault::from_wire)
                && !refused.is_retryable()
            {
                // The server that was asked has taken it: nobody waits for what this one says.
                self.tell_error(&refused);
            }
            self.shared.change(|roster| roster.add(joined));
        } else if let Ok(error) = serde_json::from_slice::<WireError>(&message.payload) {
            let fault = Fault::from_wire(error);
            self.shared.roster.send_modify(|roster| roster.refused = Some(fault));
        }
    }

    async fn told(&mut self, message: NatsMessage) {
        let reply = message.reply.as_ref().map(Subject::as_str).unwrap_or_default();
        if !self.shared.space.is_reply(reply) {
            return tracing::debug!("no answer may go where it is asked for");
        }
        match last(&message.subject) {
            "req" => {
                let name = headers::get(message.headers.as_ref(), headers::NAME);
                let name = name.unwrap_or_default().to_owned();
                self.shared.served.request(&self.shared.out.nats, &name, message, None).await;
            }
            "cancel" => self.shared.served.cancel(reply),
            "credit" => {
                let more = std::str::from_utf8(&message.payload).ok().and_then(|n| n.parse().ok());
                self.shared.served.credit(reply, more.unwrap_or(0));
            }
            "bye" => {
                if let Ok(bye) = serde_json::from_slice::<Bye>(&message.payload) {
                    self.dismissed(&bye);
                }
            }
            _ => {}
        }
    }

    /// A server says goodbye. To nobody in particular, all of them would, one after another.
    fn dismissed(&self, bye: &Bye) {
        let reason = EndReason::from_name(&bye.reason);
        let is_nobody = self.shared.join().login.credentials.is_none();
        let known = self.shared.roster.borrow().knows(&bye.instance);
        if known && is_nobody && reason == EndReason::NotAuthenticated {
            self.shared.say_goodbye();
            self.shared.lost(reason);
        } else {
            self.gone(&bye.instance, reason);
        }
    }

    /// A server is gone. Was it the last, so is the connection.
    fn gone(&self, instance: &str, reason: EndReason) {
        let mut known = false;
        let left = self.shared.change(|roster| known = roster.remove(instance));
        if known && !left {
            self.shared.lost(reason);
        }
    }
}
