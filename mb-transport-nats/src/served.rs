//! Requests of the other side at work. A handler is polled at once where its request was found;
//! only one that has to wait becomes a task, which its caller can take back.

mod streamed;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
    time::Duration,
};

use async_nats::{
    Client, Message as NatsMessage, Subject,
    client::{PublishError, PublishErrorKind},
};
use futures_util::FutureExt;
use mb_core::{
    Answer, Answering, Body, Calling, Codec, Context, Fault, FaultKind, Limits, Link, Message, Name,
};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::streamed::{Asked, Credit};
use crate::{
    headers,
    pending::Key,
    reply::{Reply, body, too_large},
    server::Endpoint,
};

/// What is under way for one connection of the other side.
pub(crate) struct Served {
    /// Who serves.
    pub(crate) link: Arc<dyn Link>,
    running: Mutex<HashMap<Box<str>, Running>>,
    bounds: Bounds,
    /// The end of whoever calls: streams that wait for them wait no more.
    pub(crate) over: CancellationToken,
    /// This side's own token, for those who send credits.
    pub(crate) instance: Arc<str>,
    pub(crate) codecs: Arc<[Codec]>,
    /// Handlers at work: what a stop waits for.
    pub(crate) tracker: TaskTracker,
}

/// What one connection may cost.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How many requests may be under way.
    pub(crate) in_flight: usize,
    /// How large a request may be, and its answer, in bytes.
    pub(crate) request: usize,
    pub(crate) answer: usize,
    /// How long a stream goes on without a word of its reader, where nothing else tells whether that is
    /// still there.
    pub(crate) patience: Option<Duration>,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits, answer: usize) -> Self {
        let (in_flight, request) = (limits.in_flight, limits.max_message);
        Self { in_flight, request, answer, patience: None }
    }
}

struct Running {
    task: AbortHandle,
    /// Of a stream.
    credit: Option<Arc<Credit>>,
}

impl Served {
    pub(crate) fn new(
        link: Arc<dyn Link>,
        bounds: Bounds,
        instance: &Arc<str>,
        codecs: &Arc<[Codec]>,
        tracker: &TaskTracker,
    ) -> Self {
        let (running, tracker) = (Mutex::default(), tracker.clone());
        let (instance, codecs) = (Arc::clone(instance), Arc::clone(codecs));
        let over = CancellationToken::new();
        Self { link, running, bounds, over, instance, codecs, tracker }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Box<str>, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a request of this name. Where it is answered at once, that is done; otherwise a task
    /// goes on with it. What became of it is noted at its endpoint.
    pub(crate) async fn request(
        self: &Arc<Self>,
        nats: &Client,
        name: &str,
        message: NatsMessage,
        endpoint: Option<Arc<Endpoint>>,
    ) {
        let began = Instant::now();
        let note = move |answer: &Reply| {
            if let Some(endpoint) = &endpoint {
                endpoint.note(began.elapsed(), answer.error_code());
            }
        };
        let NatsMessage { reply, payload, headers, .. } = message;
        // Nobody could be told.
        let Some(reply) = reply else { return };
        let (size, headers) = (payload.len(), headers.as_ref());
        let credit =
            headers::get(headers, headers::CREDIT).map(|credit| credit.parse().unwrap_or(0));
        let refused = |fault: Fault| Answering::Once(Calling::refused(fault));
        let codec = self.codec(headers::get(headers, headers::CODEC));
        let left = Key::time_left(crate::subjects::last(&reply));
        let read = headers::context_in(headers, left)
            .and_then(|context| Ok((context, body(headers, payload, &self.codecs)?)));
        let deadline = read.as_ref().ok().and_then(|(context, _)| context.deadline());
        let answering = match read {
            _ if size > self.bounds.request => refused(too_large(name, size, self.bounds.request)),
            Err(fault) => refused(fault),
            Ok((context, body)) => match self.room_for(&reply) {
                Ok(()) => self.answer(name, context, body, credit.is_some()),
                Err(fault) => refused(fault),
            },
        };
        match (answering, credit) {
            (Answering::Once(mut calling), _) => {
                // Whoever has to wait is polled again by a task of its own.
                let polled = calling.poll_unpin(&mut TaskContext::from_waker(Waker::noop()));
                match polled {
                    Poll::Ready(answer) => {
                        let answer = Reply::of(answer, &codec, self.bounds.answer);
                        note(&answer);
                        send(nats, reply, answer).await;
                    }
                    Poll::Pending => {
                        let calling = in_time(calling, name.into(), deadline);
                        self.go_on((nats, reply), calling, codec, note);
                    }
                }
            }
            (Answering::Many(items), Some(credit)) => {
                let asked = Asked { name: name.into(), codec, credit, deadline };
                self.stream(nats, reply, items, asked);
            }
            (Answering::Many(items), None) => {
                drop(items);
                let told = otherwise(name, "by a stream, not once");
                send(nats, reply, Reply::fault(&told)).await;
            }
        }
    }

    /// Whether one more may be under way, and answered there.
    fn room_for(&self, reply: &str) -> Result<(), Fault> {
        let running = self.running();
        if running.len() >= self.bounds.in_flight {
            return Err(too_many(self.bounds.in_flight));
        }
        if running.contains_key(reply) {
            // It would take the place of the other, which nobody could give up or count any more.
            let reason = "a request whose answer goes to this subject is under way: each needs one of its own";
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        }
        Ok(())
    }

    fn codec(&self, name: Option<&str>) -> Codec {
        let found = name.and_then(|name| self.codecs.iter().find(|codec| codec.name() == name));
        found.cloned().unwrap_or(Codec::JSON)
    }

    fn answer(&self, name: &str, context: Context, body: Body, streamed: bool) -> Answering {
        if streamed {
            // Said in this way, a request that is answered once is refused before it has begun.
            let request = Message::new(Name::text(name), context, body);
            return Answering::Many(self.link.stream(request));
        }
        self.link.answer(name, context, body)
    }

    /// Goes on with a call in a task of its own.
    fn go_on(
        self: &Arc<Self>,
        (nats, reply): (&Client, Subject),
        calling: impl Future<Output = Answer> + Send + 'static,
        codec: Codec,
        note: impl FnOnce(&Reply) + Send + 'static,
    ) {
        let (served, nats, at) = (Arc::clone(self), nats.clone(), reply.clone());
        let mut running = self.running();
        let task = self.tracker.spawn(async move {
            let answer = calling.await;
            let answer = Reply::of(answer, &codec, served.bounds.answer);
            note(&answer);
            send(&nats, at.clone(), answer).await;
            served.running().remove(at.as_str());
        });
        running.insert(reply.as_str().into(), Running { task: task.abort_handle(), credit: None });
    }

    /// The other side has given a request up.
    pub(crate) fn cancel(&self, reply: &str) {
        let running = self.running().remove(reply);
        if let Some(running) = running {
            running.task.abort();
        }
    }

    /// The other side takes more items.
    pub(crate) fn credit(&self, reply: &str, more: usize) {
        let running = self.running();
        if let Some(credit) = running.get(reply).and_then(|running| running.credit.as_ref()) {
            credit.add(more);
        }
    }

    pub(crate) fn nothing_under_way(&self) -> bool {
        self.running().is_empty()
    }

    /// What is under way, by the last tokens of reply subjects.
    pub(crate) fn under_way(&self) -> Vec<String> {
        let running = self.running();
        running.keys().map(|reply| crate::subjects::last(reply).to_owned()).collect()
    }

    /// Drops everything that is under way.
    pub(crate) fn abort(&self) {
        let running = std::mem::take(&mut *self.running());
        running.values().for_each(|running| running.task.abort());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.abort();
    }
}

/// A call that ends at its deadline, whatever its caller does.
async fn in_time(calling: Calling, name: Box<str>, deadline: Option<Instant>) -> Answer {
    tokio::select! {
        biased;
        answer = calling => answer,
        // As the caller itself says it, whichever of the two is first.
        () = late(deadline) => Err(Fault::late(&name).into()),
    }
}

async fn late(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn otherwise(name: &str, how: &str) -> Fault {
    Fault::new(FaultKind::ValidationFailed, format!("{name} is answered {how}"))
}

fn too_many(limit: usize) -> Fault {
    let reason = format!(
        "{limit} requests are under way on this connection: wait for one of them, or raise \
         `Limits::in_flight` on both sides"
    );
    let details = serde_json::json!({ "limit": limit });
    Fault::new(FaultKind::RateLimitExceeded, reason).with_details(details)
}

/// Sends an answer. One that the engine does not take, with all that is said beside it, is an error of
/// that name.
pub(crate) async fn send(nats: &Client, to: Subject, reply: Reply) {
    let size = reply.payload.len();
    let sent = match publish(nats, to.clone(), reply).await {
        Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
            let told = Reply::fault(&too_large(
                "the reply, beside its headers,",
                size,
                nats.max_payload(),
            ));
            publish(nats, to, told).await
        }
        sent => sent,
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "an answer was not sent");
    }
}

async fn publish(nats: &Client, to: Subject, reply: Reply) -> Result<(), PublishError> {
    match reply.headers {
        None => nats.publish(to, reply.payload).await,
        Some(headers) => nats.publish_with_headers(to, headers, reply.payload).await,
    }
}
