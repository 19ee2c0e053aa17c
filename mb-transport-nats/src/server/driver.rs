//! The one task of a server: takes what comes, in its order, until the end.

mod events;
mod requests;

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_nats::{Message as NatsMessage, Subject};
use futures_core::future::BoxFuture;
use mb_core::{EndReason, Fault};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{
    clients::parts,
    discovery,
    station::{Command, Station},
    subscribe::Kind,
};
use crate::{
    connect::Health,
    headers,
    intake::Intake,
    pending::Key,
    reply::Reply,
    served::{Served, send},
    subjects::last,
    token::decode,
};

/// How long the last answers may take, and then the goodbyes.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long until clients are told again that a server is back that have not said anything.
const AGAIN: Duration = Duration::from_secs(1);

/// As far away as a clock can tell: a year.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) struct Driver {
    pub(super) station: Arc<Station>,
    pub(super) intake: Intake<Kind>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) health: watch::Receiver<Health>,
    /// An emitted event that makes its publishers wait, and a barrier that waits for it.
    pub(super) waiting: Option<BoxFuture<'static, Result<(), Fault>>>,
    pub(super) barrier: Option<Subject>,
    pub(super) regained: u64,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let station = Arc::clone(&self.station);
        let every = (station.limits.silence / 4).clamp(Duration::from_millis(10), FAR);
        let mut sweep = interval_at(Instant::now() + every, every);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = pin!(sleep_until(Instant::now() + FAR));
        loop {
            let waiting = async {
                match &mut self.waiting {
                    Some(waiting) => waiting.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = station.ending.cancelled() => break,
                done = waiting => {
                    if let Err(fault) = done {
                        tracing::debug!(%fault, "an event had no room in time");
                    }
                    self.waiting = None;
                    self.intake.pause(None);
                    if let Some(barrier) = self.barrier.take() {
                        // Once more around: what was emitted before it comes first.
                        crate::outbound::tell(&station.nats, barrier, None, bytes::Bytes::new());
                    }
                }
                command = self.commands.recv() => match command {
                    Some(Command::Leave) => self.leave().await,
                    Some(Command::Dismiss(base, reason)) => station.dismiss(&base, reason),
                    None => break,
                },
                message = self.intake.next() => match message {
                    Some((kind, message)) => {
                        self.handle(kind, message).await;
                        // What came with it.
                        while let Some((kind, message)) = self.intake.take_ready() {
                            self.handle(kind, message).await;
                        }
                    }
                    None => break,
                },
                Ok(()) = self.health.changed() => {
                    let health = *self.health.borrow_and_update();
                    station.dropped.store(health.dropped, Ordering::Relaxed);
                    if health.lost > 0 && health.regained > self.regained {
                        station.regained();
                        sweep.reset_after(AGAIN.min(every));
                    }
                    self.regained = health.regained;
                }
                _ = sweep.tick() => if station.sweep() {
                    sweep.reset_after(AGAIN.min(every));
                },
                () = station.sooner.notified() => late.as_mut().reset(expire(&station)),
                () = &mut late => late.as_mut().reset(expire(&station)),
            }
        }
        self.end().await;
    }

    /// Takes no requests any more, and nobody in.
    async fn leave(&mut self) {
        self.intake.leave(|kind| !matches!(kind, Kind::Direct | Kind::Inbox | Kind::All)).await;
    }

    async fn handle(&mut self, kind: Kind, message: NatsMessage) {
        let station = Arc::clone(&self.station);
        if message.reply.as_ref().is_some_and(|reply| !station.space.is_reply(reply)) {
            return tracing::debug!(subject = %message.subject, "no answer may go where it is asked for");
        }
        match kind {
            Kind::Emitted => self.emitted(message),
            Kind::Request => {
                let endpoint = station.endpoints.get(message.subject.as_str()).cloned();
                match endpoint {
                    Some(endpoint) => {
                        let name = endpoint.full_name;
                        station.request(name, message, Some(endpoint)).await;
                    }
                    None => {
                        let name = full_name(&message.subject).unwrap_or_default();
                        station.request(&name, message, None).await;
                    }
                }
            }
            Kind::Any => {
                let name = headers::get(message.headers.as_ref(), headers::NAME);
                let name = name.unwrap_or_default().to_owned();
                station.request(&name, message, None).await;
            }
            Kind::Direct => match last(&message.subject) {
                "join" => station.join(message).await,
                "beat" => station.beaten(&message),
                "req" => {
                    let name = headers::get(message.headers.as_ref(), headers::NAME);
                    // Those of contracts have subjects of their own, for which the engine asks who may.
                    let name = name.filter(|name| name.starts_with('$')).unwrap_or("$").to_owned();
                    station.request(&name, message, None).await;
                }
                "credit" => {
                    let more = std::str::from_utf8(&message.payload).ok();
                    let more = more.and_then(|more| more.parse().ok()).unwrap_or(0);
                    self.at_work(&message, |served, reply| served.credit(reply, more));
                }
                _ => {}
            },
            Kind::Inbox => self.inbox(message),
            Kind::All => match last(&message.subject) {
                "beat" => station.beaten(&message),
                "cancel" => self.at_work(&message, |served, reply| served.cancel(reply)),
                "logout" => {
                    if let Some(token) = headers::get(message.headers.as_ref(), headers::TOKEN) {
                        let token = token.to_owned();
                        let own = Arc::clone(&station);
                        station.tracker.spawn(async move { own.logged_out(&token).await });
                    }
                }
                "leave" => {
                    if let Some((base, _)) = parts(message.reply.as_ref()) {
                        station.left(base, EndReason::ClientDisconnected);
                    }
                }
                _ => {}
            },
            Kind::Door => match last(&message.subject) {
                "join" => station.join(message).await,
                "who" => {
                    if let Some(reply) = message.reply {
                        let payload = bytes::Bytes::from(station.instance.to_string());
                        send(&station.nats, reply, Reply { headers: None, payload }).await;
                    }
                }
                _ => {}
            },
            Kind::Discovery => discovery::answer(&station, message).await,
        }
    }

    /// Does something about a request that is under way.
    fn at_work(&self, message: &NatsMessage, work: impl Fn(&Served, &str)) {
        let Some(reply) = message.reply.as_ref() else { return };
        match self.station.sender(Some(reply)) {
            Some(entry) => work(&entry.served, reply),
            None => {
                if let Some(served) = self.station.anonymous.get() {
                    work(served, reply);
                }
                self.station.bearers.each(|served| work(served, reply));
            }
        }
    }

    /// An answer of a client, or a barrier: `<base><number>.<key>`, `<base><own>.<count>`.
    fn inbox(&mut self, message: NatsMessage) {
        let Some(rest) = message.subject.strip_prefix(self.station.base.as_str()) else { return };
        let Some((whose, token)) = rest.split_once('.') else { return };
        if whose == self.station.own {
            if self.waiting.is_some() {
                self.barrier = Some(message.subject.clone());
            } else if let Ok(count) = token.parse() {
                self.station.barrier.send_replace(count);
            }
            return;
        }
        let back = whose.parse().ok().and_then(|number| self.station.back(number));
        if let (Some(back), Some(key)) = (back, Key::read(token)) {
            back.out.pending.deliver(key, message);
        }
    }

    /// The last answers, then the goodbyes.
    async fn end(mut self) {
        let station = &self.station;
        station.tracker.close();
        let _ = timeout(LAST_ANSWERS, station.tracker.wait()).await;
        for (base, entry) in station.everybody() {
            station.bye(&entry, EndReason::ServerStopped);
            station.left(&base, EndReason::ServerStopped);
        }
        station.anonymous.get().iter().for_each(|served| served.abort());
        station.bearers.each(Served::abort);
        // What comes back last was sent last: everything before it has reached the engine.
        let barrier = Subject::from(station.barrier_subject("end"));
        let sent = station.nats.publish(barrier.clone(), bytes::Bytes::new()).await;
        if sent.is_ok() {
            let intake = &mut self.intake;
            intake.pause(None);
            let back = async {
                while let Some((_, message)) = intake.next().await {
                    if message.subject == barrier {
                        return;
                    }
                }
            };
            let _ = timeout(LAST_WORDS, back).await;
        }
    }
}

/// Ends the calls of clients whose time is over, and says when the next one's is.
fn expire(station: &Station) -> Instant {
    let now = Instant::now();
    let everybody = station.everybody();
    let next = everybody.iter().filter_map(|(_, entry)| entry.back.out.pending.expire(now)).min();
    next.unwrap_or(now + FAR)
}

/// `<contract>/<name>` of `P.<contract>.v<major>.<kind>.<name>`.
fn full_name(subject: &str) -> Option<String> {
    let mut tokens = subject.rsplit('.');
    let name = decode(tokens.next()?)?;
    let (_, _) = (tokens.next()?, tokens.next()?);
    Some(format!("{}/{name}", decode(tokens.next()?)?))
}
