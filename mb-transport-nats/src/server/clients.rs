//! Clients that join, give signs of life, and leave.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::{Message as NatsMessage, Subject};
use bytes::Bytes;
use mb_core::{EndReason, Fault, FaultKind, Hello, Link, Message};
use tokio::time::Instant;

use super::{
    back::{Back, BackLink},
    logins::Logins,
    places::Places,
    station::{Entry, HELD_OF_ONE, Station},
};
use crate::{
    join::{Alive, Bye, Join, Joined, LastLogin},
    outbound::tell,
    pending::Key,
    reply::{Reply, too_large},
    served::{Bounds, Served, send},
};

/// How long clients may take to say that they are still there, when the server is back.
const RETURN: Duration = Duration::from_secs(5);

/// The reply subject of a connection, taken apart: what all of them begin with, and the last token.
pub(crate) fn parts(reply: Option<&Subject>) -> Option<(&str, &str)> {
    let reply = reply?.as_str();
    let at = reply.rfind('.')? + 1;
    Some((reply.get(..at)?, reply.get(at..)?))
}

impl Station {
    /// The client that has joined and that has sent this. The reply subjects of somebody else may begin
    /// like those that it joined with, whatever these are, but do not end like ours.
    pub(super) fn sender(&self, reply: Option<&Subject>) -> Option<Arc<Entry>> {
        let (base, token) = parts(reply)?;
        Key::is_of_ours(token).then(|| self.client(base))?
    }

    /// A client wants to come in, or says again who it is.
    pub(crate) async fn join(self: &Arc<Self>, message: NatsMessage) {
        let Some((base, _)) = parts(message.reply.as_ref()) else { return };
        let Some(reply) = message.reply.clone() else { return };
        let (size, limit) = (message.payload.len(), self.limits.max_message);
        let joined = match serde_json::from_slice::<Join>(&message.payload) {
            _ if size > limit => Err(too_large("what a client says of itself", size, limit)),
            Ok(join) => self.joined(base, join),
            Err(error) => {
                let reason = format!("this is not how a client joins: {error}");
                Err(Fault::new(FaultKind::ValidationFailed, reason))
            }
        };
        match joined {
            Ok((entry, login)) => self.follow(entry, login, reply).await,
            Err(fault) => send(&self.nats, reply, Reply::fault(&fault)).await,
        }
    }

    /// Notes a client; again, where it is known.
    fn joined(
        self: &Arc<Self>,
        base: &str,
        mut join: Join,
    ) -> Result<(Arc<Entry>, LastLogin), Fault> {
        let login = std::mem::take(&mut join.login);
        if let Some(entry) = self.client(base) {
            entry.alive();
            return Ok((entry, login));
        }
        let to = self.space.connection(&join.client_id, &join.connection).ok_or_else(|| {
            Fault::new(FaultKind::ValidationFailed, "the client's id and connection are too long")
        })?;
        let number = uuid::Uuid::new_v4().as_u128();
        let max_message = join.max_message;
        let back = Arc::new(Back::new(self, (to, base.to_owned()), number, max_message));
        let link: Arc<dyn Link> = Arc::new(BackLink(Arc::clone(&back)));
        let connected = Arc::clone(&self.host).accept(join.hello(), link)?;
        let bounds = Bounds::new(&self.limits, max_message.min(self.nats.max_payload()));
        let joined = Joined::new(&connected, &self.instance, self.limits.max_message);
        let served =
            Served::new(connected.link, bounds, &self.instance, &self.codecs, &self.tracker);
        let entry = Arc::new(Entry {
            served: Arc::new(served),
            back,
            joined,
            number,
            seen: Mutex::new(Instant::now()),
            logins: Logins::default(),
            held: Places::new(HELD_OF_ONE),
        });
        self.add(base.to_owned(), Arc::clone(&entry));
        Ok((entry, login))
    }

    /// Who calls without having joined: a program that only knows the engine.
    pub(crate) fn stranger(&self) -> Result<Arc<Served>, Fault> {
        if let Some(served) = self.anonymous.get() {
            return Ok(Arc::clone(served));
        }
        let served = self.nobody_in_particular()?;
        Ok(Arc::clone(self.anonymous.get_or_init(|| Arc::new(served))))
    }

    /// A connection for those who give no sign of life, and to whom no way leads.
    pub(super) fn nobody_in_particular(&self) -> Result<Served, Fault> {
        let hello = Hello { kind: "nats".to_owned(), ..Hello::default() };
        let connected = Arc::clone(&self.host).accept(hello, Arc::new(Nowhere))?;
        let bounds = Bounds {
            patience: Some(self.limits.silence),
            ..Bounds::new(&self.limits, self.nats.max_payload())
        };
        Ok(Served::new(connected.link, bounds, &self.instance, &self.codecs, &self.tracker))
    }

    /// A sign of life, answered by one, and by what is being done for the client.
    pub(crate) fn beaten(&self, message: &NatsMessage) {
        let reply = message.reply.as_ref();
        let (Some((base, _)), Some(reply)) = (parts(reply), reply) else { return };
        let entry = self.client(base);
        if let Some(entry) = &entry {
            entry.alive();
        }
        let running = entry.as_ref().map(|entry| entry.served.under_way()).unwrap_or_default();
        let instance = self.instance.to_string();
        let login = std::str::from_utf8(&message.payload).ok();
        let login = login.and_then(|login| login.parse().ok()).unwrap_or(0);
        let known = entry.is_some_and(|entry| entry.logins.knows(login));
        let alive = Alive { instance, known, running };
        let alive = serde_json::to_vec(&alive).unwrap_or_default();
        tell(&self.nats, reply.clone(), None, alive.into());
    }

    /// A client has left.
    pub(crate) fn left(&self, base: &str, reason: EndReason) {
        if let Some(entry) = self.remove(base) {
            entry.back.out.pending.close(reason);
            entry.served.abort();
            entry.served.link.close(reason);
        }
    }

    /// Says goodbye to a client, and forgets it.
    pub(crate) fn dismiss(&self, base: &str, reason: EndReason) {
        if let Some(entry) = self.client(base) {
            self.bye(&entry, reason);
        }
        self.left(base, reason);
    }

    pub(crate) fn bye(&self, entry: &Entry, reason: EndReason) {
        let bye = Bye { instance: self.instance.to_string(), reason: reason.name().to_owned() };
        let bye = serde_json::to_vec(&bye).unwrap_or_default();
        tell(&self.nats, entry.back.subject("do.bye"), None, bye.into());
    }

    /// Forgets whoever has said nothing for too long, or not since the server is back, and tokens that
    /// were shown long ago. Says whether somebody still has time to say that they are there.
    pub(crate) fn sweep(&self) -> bool {
        self.bearers.sweep();
        let regained = *self.regained.lock().unwrap_or_else(PoisonError::into_inner);
        let mut awaited = false;
        for (base, entry) in self.everybody() {
            let seen = *entry.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let back = regained.filter(|regained| seen < *regained);
            let is_late = back.is_some_and(|back| back.elapsed() >= RETURN);
            awaited |= back.is_some() && !is_late;
            if is_late || seen.elapsed() > self.limits.silence {
                self.dismiss(&base, EndReason::Silent);
            }
        }
        if awaited {
            // The engine's own servers may have found each other only now.
            self.announce();
        }
        awaited
    }

    /// The connection with the engine was lost for a while, for this server alone or for its clients, too:
    /// whoever is still there says so, and what is being done for them goes on.
    pub(crate) fn regained(&self) {
        *self.regained.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.announce();
    }

    /// Tells every client that there is a server to join.
    pub(crate) fn announce(&self) {
        let instance = Bytes::from(self.instance.to_string());
        tell(&self.nats, self.space.system("clients.up"), None, instance);
    }
}

/// The way back to those who have none.
pub(super) struct Nowhere;

impl Link for Nowhere {
    fn call(&self, _: Message) -> mb_core::Calling {
        mb_core::Calling::refused(Fault::unavailable("this caller serves nothing"))
    }

    fn stream(&self, _: Message) -> mb_core::Streaming {
        mb_core::refused_stream(Fault::unavailable("this caller serves nothing"))
    }

    fn publish(&self, _: &Arc<Message>) -> mb_core::Published {
        mb_core::Published::Accepted
    }

    fn subscribe(
        &self,
        _: Vec<String>,
    ) -> futures_core::future::BoxFuture<'static, Result<mb_core::SubscriptionId, Fault>> {
        let fault = Fault::unavailable("this caller takes no subscriptions");
        Box::pin(std::future::ready(Err(fault)))
    }

    fn unsubscribe(&self, _: mb_core::SubscriptionId) {}

    fn close(&self, _: EndReason) {}

    fn hears_bus(&self) -> bool {
        true
    }

    fn is_a_client(&self) -> bool {
        false
    }
}
