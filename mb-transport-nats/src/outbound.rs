//! Requests to the other side, whichever that is: the servers of a contract, or one client. What is
//! sent has a slot for its answer, a place among those under way, and is taken back when its
//! caller gives it up.

use std::{future::poll_fn, sync::Arc};

use async_nats::{Client, HeaderMap, Message as NatsMessage, Subject, client::PublishErrorKind};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Codec, EndReason, Fault, FaultKind, Published};
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{
    headers::Headers,
    pen,
    pending::{Got, Key, Pending},
    reply::too_large,
};

/// The way out of one connection.
pub(crate) struct Outbound {
    pub(crate) nats: Client,
    /// What the reply subjects of this connection begin with, a dot at its end.
    pub(crate) base: String,
    pub(crate) pending: Pending,
    /// Own requests under way, of which there are only so many.
    places: Arc<Semaphore>,
    /// Where requests are taken back.
    cancel: Subject,
    /// Tells whoever keeps time that there is an earlier deadline.
    pub(crate) sooner: Arc<Notify>,
    pub(crate) codecs: Arc<[Codec]>,
}

/// Something to be sent and answered.
pub(crate) struct Sending {
    pub(crate) subject: Subject,
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) payload: Bytes,
    pub(crate) deadline: Option<Instant>,
    /// The time left, in milliseconds, where the reply subject is to tell it.
    pub(crate) left: Option<u64>,
    /// Events that are wanted from the moment on at which the answer comes.
    pub(crate) wants: Option<Arc<[String]>>,
}

impl Outbound {
    pub(crate) fn new(
        nats: Client,
        base: String,
        cancel: Subject,
        in_flight: usize,
        codecs: Arc<[Codec]>,
    ) -> Self {
        let places = Arc::new(Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS)));
        let (pending, sooner) = (Pending::default(), Arc::default());
        Self { nats, base, pending, places, cancel, sooner, codecs }
    }

    /// Waits for a place among the requests under way.
    pub(crate) async fn place(
        &self,
        deadline: Option<Instant>,
    ) -> Result<OwnedSemaphorePermit, Fault> {
        let places = Arc::clone(&self.places);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = places.acquire_owned();
        let place = match deadline {
            None => waiting.await,
            Some(deadline) => timeout_at(deadline, waiting).await.map_err(|_| {
                let reason = "no place among the requests under way came free in time";
                Fault::new(FaultKind::Timeout, reason)
            })?,
        };
        place.map_err(|_| Fault::unavailable("the connection is over"))
    }

    /// Sends something that is answered, once or more often.
    pub(crate) async fn send(self: &Arc<Self>, sending: Sending) -> Result<Exchange, Fault> {
        let Sending { subject, headers, payload, deadline, left, wants } = sending;
        let (key, sooner) = self.pending.open(subject.clone(), deadline, wants).map_err(over)?;
        let (sent, done) = (false, false);
        let mut exchange = Exchange { outbound: Arc::clone(self), key, left, sent, done };
        if sooner {
            self.sooner.notify_one();
        }
        let reply = exchange.reply();
        let size = payload.len();
        let published = match headers {
            None => self.nats.publish_with_reply(subject, reply, payload).await,
            Some(headers) => {
                self.nats.publish_with_reply_and_headers(subject, reply, headers, payload).await
            }
        };
        published.map_err(|error| self.refused(error.kind(), size))?;
        exchange.sent = true;
        Ok(exchange)
    }

    /// Sends an event. It has left at once, unless the way out is full.
    pub(crate) fn publish(
        self: &Arc<Self>,
        subject: Subject,
        headers: Headers,
        payload: Bytes,
    ) -> Result<Published, Fault> {
        let (out, size) = (Arc::clone(self), payload.len());
        let headers = headers.into_map().unwrap_or_default();
        let mut sending: BoxFuture<'static, Result<(), Fault>> = Box::pin(async move {
            let sent = out.nats.publish_with_headers(subject, headers, payload).await;
            sent.map_err(|error| out.refused(error.kind(), size))
        });
        match (&mut sending).now_or_never() {
            Some(Ok(())) => Ok(Published::Accepted),
            Some(Err(fault)) => Err(fault),
            None => Ok(Published::Waiting(sending)),
        }
    }

    /// What a publish that failed means. Nothing has been sent.
    pub(crate) fn refused(&self, kind: PublishErrorKind, size: usize) -> Fault {
        match kind {
            PublishErrorKind::MaxPayloadExceeded => {
                too_large("the message, beside its headers,", size, self.nats.max_payload())
            }
            kind => Fault::unavailable(format!("the message cannot be sent: {kind}")),
        }
    }

    /// Sends something that nobody answers, from where nothing can be waited for.
    pub(crate) fn tell(&self, subject: Subject, reply: Option<String>, payload: Bytes) {
        tell(&self.nats, subject, reply, payload);
    }
}

/// Sends something that nobody answers, from where nothing can be waited for: at once, where the
/// queue of the connection has room, or by a task.
pub(crate) fn tell(nats: &Client, subject: Subject, reply: Option<String>, payload: Bytes) {
    let nats = nats.clone();
    let mut telling = Box::pin(async move {
        let told = match reply {
            Some(reply) => nats.publish_with_reply(subject, reply, payload).await,
            None => nats.publish(subject, payload).await,
        };
        if let Err(error) = told {
            tracing::debug!(%error, "something was not told");
        }
    });
    if (&mut telling).now_or_never().is_none()
        && let Ok(runtime) = Handle::try_current()
    {
        runtime.spawn(telling);
    }
}

/// For whom the connection is over before anything was sent.
pub(crate) fn over(reason: EndReason) -> Fault {
    let fault = Fault::unavailable(reason.to_string());
    fault.with_retryable(reason != EndReason::ClientDisconnected)
}

/// A request that was sent. Dropping it takes the request back, unless it is done.
pub(crate) struct Exchange {
    outbound: Arc<Outbound>,
    key: Key,
    left: Option<u64>,
    sent: bool,
    done: bool,
}

/// Why no message comes.
pub(crate) enum Silence {
    /// The time is over.
    Late,
    /// So is the connection.
    Closed(EndReason),
    /// Whoever was at work on it is gone.
    Lost,
    /// The engine does not let this side send it: nobody has it.
    Denied,
}

impl Exchange {
    /// The next message. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<NatsMessage, Silence> {
        let got = poll_fn(|cx| self.outbound.pending.poll(self.key, cx)).await;
        match got {
            Got::Message(message) => Ok(message),
            Got::Late => Err(Silence::Late),
            Got::Lost => {
                self.done = true;
                Err(Silence::Lost)
            }
            Got::Denied => {
                self.done = true;
                Err(Silence::Denied)
            }
            Got::Closed(reason) => {
                self.done = true;
                Err(Silence::Closed(reason))
            }
        }
    }

    /// There is no more to come.
    pub(crate) fn finish(&mut self) {
        self.done = true;
    }

    /// Where its answers go.
    pub(crate) fn reply(&self) -> Subject {
        pen::subject(|reply| {
            reply.push_str(&self.outbound.base);
            self.key.write(self.left, reply);
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.outbound.pending.forget(self.key);
        if self.sent && !self.done {
            let outbound = &self.outbound;
            outbound.tell(outbound.cancel.clone(), Some(self.reply().into_string()), Bytes::new());
        }
    }
}
