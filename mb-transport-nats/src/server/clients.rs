//! Clients that join, give signs of life, and leave.

use std::sync::{Arc, Mutex, PoisonError};

use async_nats::{Message as NatsMessage, Subject};
use bytes::Bytes;
use mb_core::{Body, Context, EndReason, Fault, FaultKind, Hello, Link, Message, Name};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    back::{Back, BackLink},
    station::{Entry, Station},
};
use crate::{
    join::{Alive, Bye, Join, Joined, word},
    outbound::tell,
    reply::Reply,
    served::{Served, send},
};

/// The longest id that a client may give itself, in bytes.
const LONGEST_ID: usize = 256;

/// The reply subject of a connection, taken apart: what all of them begin with, and the last token.
pub(crate) fn parts(reply: Option<&Subject>) -> Option<(&str, &str)> {
    let reply = reply?.as_str();
    let at = reply.rfind('.')? + 1;
    Some((reply.get(..at)?, reply.get(at..)?))
}

impl Station {
    /// A client wants to come in, or says again who it is.
    pub(crate) async fn join(self: &Arc<Self>, message: NatsMessage) {
        let Some((base, _)) = parts(message.reply.as_ref()) else { return };
        let Some(reply) = message.reply.clone() else { return };
        let joined = match serde_json::from_slice::<Join>(&message.payload) {
            Ok(join) => self.joined(base, join),
            Err(error) => {
                let reason = format!("this is not how a client joins: {error}");
                Err(Fault::new(FaultKind::ValidationFailed, reason))
            }
        };
        let (entry, login) = match joined {
            Ok(joined) => joined,
            Err(fault) => return send(&self.nats, reply, Reply::fault(&fault)).await,
        };
        let (station, answer) = (Arc::clone(self), serde_json::to_vec(&entry.joined));
        let answering = async move {
            if let Some(login) = login {
                log_in(&*entry.served.link, login).await;
            }
            let answer = Reply { headers: None, payload: answer.unwrap_or_default().into() };
            send(&station.nats, reply, answer).await;
        };
        // An authenticator may take its time; who has none to ask is answered at once.
        self.tracker.spawn(answering);
    }

    /// Notes a client; again, where it is known. What is to be done about its login is told too.
    fn joined(
        self: &Arc<Self>,
        base: &str,
        join: Join,
    ) -> Result<(Arc<Entry>, Option<Option<Value>>), Fault> {
        if join.client_id.is_empty() || join.client_id.len() > LONGEST_ID {
            let reason = format!("a clientId has 1 to {LONGEST_ID} bytes");
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        }
        let login = join.login.clone();
        if let Some(entry) = self.client(base) {
            entry.alive();
            let mut before = entry.login.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = (*before != login).then(|| login.clone());
            *before = login;
            drop(before);
            return Ok((entry, changed));
        }
        let to = self.space.connection(&join.client_id, &join.connection).ok_or_else(|| {
            Fault::new(FaultKind::ValidationFailed, "the client's id and connection are too long")
        })?;
        let number = uuid::Uuid::new_v4().as_u128();
        let max_message = join.max_message;
        let back = Arc::new(Back::new(self, (to, base.to_owned()), number, max_message));
        let link: Arc<dyn Link> = Arc::new(BackLink(Arc::clone(&back)));
        let connected = Arc::clone(&self.host).accept(join.hello(), link)?;
        let sizes = (self.limits.in_flight, max_message.min(self.nats.max_payload()));
        let joined = Joined::new(&connected, &self.instance, self.limits.max_message);
        let served =
            Served::new(connected.link, sizes, &self.instance, &self.codecs, &self.tracker);
        let entry = Arc::new(Entry {
            served: Arc::new(served),
            back,
            joined,
            number,
            seen: Mutex::new(Instant::now()),
            login: Mutex::new(login.clone()),
        });
        self.add(base.to_owned(), Arc::clone(&entry));
        Ok((entry, login.map(Some)))
    }

    /// Who calls without having joined: a program that only knows the engine.
    pub(crate) fn stranger(&self) -> Result<Arc<Served>, Fault> {
        if let Some(served) = self.anonymous.get() {
            return Ok(Arc::clone(served));
        }
        let hello = Hello { kind: "nats".to_owned(), ..Hello::default() };
        let connected = Arc::clone(&self.host).accept(hello, Arc::new(Nowhere))?;
        let sizes = (self.limits.in_flight, self.nats.max_payload());
        let served =
            Served::new(connected.link, sizes, &self.instance, &self.codecs, &self.tracker);
        Ok(Arc::clone(self.anonymous.get_or_init(|| Arc::new(served))))
    }

    /// A sign of life, answered by one, and by what is being done for the client.
    pub(crate) fn beaten(&self, reply: Option<&Subject>) {
        let (Some((base, _)), Some(reply)) = (parts(reply), reply) else { return };
        let entry = self.client(base);
        if let Some(entry) = &entry {
            entry.alive();
        }
        let running = entry.as_ref().map(|entry| entry.served.under_way()).unwrap_or_default();
        let instance = self.instance.to_string();
        let alive = Alive { instance, known: entry.is_some(), running };
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
        let bye = Bye { instance: self.instance.to_string(), reason: word(reason).to_owned() };
        let bye = serde_json::to_vec(&bye).unwrap_or_default();
        tell(&self.nats, entry.back.subject("do.bye"), None, bye.into());
    }

    /// Forgets whoever has said nothing for too long.
    pub(crate) fn sweep(&self) {
        for (base, entry) in self.everybody() {
            let seen = *entry.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.elapsed() > self.limits.silence {
                self.dismiss(&base, EndReason::Silent);
            }
        }
    }

    /// The connection with the engine was lost for a while: whoever is still there joins again.
    pub(crate) fn forget_all(&self) {
        for (base, _) in self.everybody() {
            self.left(&base, EndReason::ConnectionLost);
        }
        self.announce();
    }

    /// Tells every client that there is a server to join.
    pub(crate) fn announce(&self) {
        let instance = Bytes::from(self.instance.to_string());
        tell(&self.nats, self.space.system("clients.up"), None, instance);
    }
}

async fn log_in(link: &dyn Link, login: Option<Value>) {
    let (name, body) = match login {
        Some(login) => ("$login", login),
        None => ("$logout", Value::Object(serde_json::Map::new())),
    };
    let request = Message::new(Name::text(name), Context::new(), Body::new(body));
    if let Err(failure) = link.call(request).await {
        tracing::debug!(%failure, "a client that has joined is not logged in");
    }
}

/// The way back to those who have none.
pub(super) struct Nowhere;

impl Link for Nowhere {
    fn call(&self, _: Message) -> mb_core::Calling {
        mb_core::Calling::refused(Fault::unavailable("this caller serves nothing"))
    }

    fn stream(&self, _: Message) -> mb_core::Streaming {
        let fault = Fault::unavailable("this caller serves nothing");
        Box::pin(futures_util::stream::iter([Err(fault.into())]))
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
}
