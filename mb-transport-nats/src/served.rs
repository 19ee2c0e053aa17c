//! Requests of the other side at work. A handler is polled at once where its request was found;
//! only one that has to wait becomes a task, which its caller can take back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
    time::Instant,
};

use async_nats::{Client, Message as NatsMessage, Subject};
use futures_util::{FutureExt, StreamExt};
use mb_core::{
    Answering, Body, Calling, Codec, Context, Fault, FaultKind, Link, Message, Name, Streaming,
};
use tokio::{sync::Semaphore, task::AbortHandle};
use tokio_util::task::TaskTracker;

use crate::{
    headers,
    pending::Key,
    reply::{Reply, body},
    server::Endpoint,
};

/// The most items that a reader may ask for at once, so that no number overflows.
const MOST_CREDIT: usize = 1 << 20;

/// What is under way for one connection of the other side.
pub(crate) struct Served {
    /// Who serves.
    pub(crate) link: Arc<dyn Link>,
    running: Mutex<HashMap<Box<str>, Running>>,
    /// How many may be under way, and how large an answer may be, in bytes.
    pub(crate) in_flight: usize,
    pub(crate) max_message: usize,
    /// This side's own token, for those who send credits.
    pub(crate) instance: Arc<str>,
    pub(crate) codecs: Arc<[Codec]>,
    /// Handlers at work: what a stop waits for.
    pub(crate) tracker: TaskTracker,
}

struct Running {
    task: AbortHandle,
    /// Of a stream.
    credit: Option<Arc<Semaphore>>,
}

impl Served {
    pub(crate) fn new(
        link: Arc<dyn Link>,
        (in_flight, max_message): (usize, usize),
        instance: &Arc<str>,
        codecs: &Arc<[Codec]>,
        tracker: &TaskTracker,
    ) -> Self {
        let (running, tracker) = (Mutex::default(), tracker.clone());
        let (instance, codecs) = (Arc::clone(instance), Arc::clone(codecs));
        Self { link, running, in_flight, max_message, instance, codecs, tracker }
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
        let headers = headers.as_ref();
        let credit =
            headers::get(headers, headers::CREDIT).map(|credit| credit.parse().unwrap_or(0));
        let refused = |fault: Fault| Answering::Once(Calling::refused(fault));
        let codec = self.codec(headers::get(headers, headers::CODEC));
        let left = Key::time_left(crate::subjects::last(&reply));
        let read = headers::context_in(headers, left)
            .and_then(|context| Ok((context, body(headers, payload, &self.codecs)?)));
        let answering = match read {
            Err(fault) => refused(fault),
            Ok(_) if self.running().len() >= self.in_flight => refused(too_many(self.in_flight)),
            // It would take the place of the other, which nobody could give up or count any more.
            Ok(_) if self.running().contains_key(reply.as_str()) => refused(Fault::new(
                FaultKind::ValidationFailed,
                "a request whose answer goes to this subject is under way: each needs one of its own",
            )),
            Ok((context, body)) => self.answer(name, context, body, credit.is_some()),
        };
        match (answering, credit) {
            (Answering::Once(mut calling), _) => {
                // Whoever has to wait is polled again by a task of its own.
                let polled = calling.poll_unpin(&mut TaskContext::from_waker(Waker::noop()));
                match polled {
                    Poll::Ready(answer) => {
                        let answer = Reply::of(answer, &codec, self.max_message);
                        note(&answer);
                        send(nats, reply, answer).await;
                    }
                    Poll::Pending => self.go_on((nats, reply), calling, codec, note),
                }
            }
            (Answering::Many(items), Some(credit)) => {
                self.stream(nats, reply, items, codec, credit);
            }
            (Answering::Many(items), None) => {
                drop(items);
                let told = otherwise(name, "by a stream, not once");
                send(nats, reply, Reply::fault(&told)).await;
            }
        }
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
        calling: Calling,
        codec: Codec,
        note: impl FnOnce(&Reply) + Send + 'static,
    ) {
        let (served, nats, at) = (Arc::clone(self), nats.clone(), reply.clone());
        let mut running = self.running();
        let task = self.tracker.spawn(async move {
            let answer = calling.await;
            let answer = Reply::of(answer, &codec, served.max_message);
            note(&answer);
            send(&nats, at.clone(), answer).await;
            served.running().remove(at.as_str());
        });
        running.insert(reply.as_str().into(), Running { task: task.abort_handle(), credit: None });
    }

    fn stream(
        self: &Arc<Self>,
        nats: &Client,
        reply: Subject,
        mut items: Streaming,
        codec: Codec,
        credit: usize,
    ) {
        let credit = Arc::new(Semaphore::new(credit.min(MOST_CREDIT)));
        let (served, nats, at) = (Arc::clone(self), nats.clone(), reply.clone());
        let allowed = Arc::clone(&credit);
        let mut running = self.running();
        let task = tokio::spawn(async move {
            loop {
                // Never closed. Who waits for its reader is not waited for by a stop.
                let Ok(permit) = allowed.acquire().await else { break };
                permit.forget();
                let _at_work = served.tracker.token();
                let Some(item) = items.next().await else {
                    send(&nats, at.clone(), Reply::status(headers::STATUS_END, &served.instance))
                        .await;
                    break;
                };
                let item = Reply::of(item, &codec, served.max_message);
                let last = item.error_code().is_some();
                send(&nats, at.clone(), item.naming(&served.instance)).await;
                if last {
                    break;
                }
            }
            drop(items);
            served.running().remove(at.as_str());
        });
        let running_stream = Running { task: task.abort_handle(), credit: Some(credit) };
        running.insert(reply.as_str().into(), running_stream);
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
            let room = MOST_CREDIT.saturating_sub(credit.available_permits());
            credit.add_permits(more.min(room));
        }
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

fn otherwise(name: &str, how: &str) -> Fault {
    Fault::new(FaultKind::ValidationFailed, format!("{name} is answered {how}"))
}

fn too_many(limit: usize) -> Fault {
    let reason = format!("{limit} requests are as many as a connection may have under way");
    let details = serde_json::json!({ "limit": limit });
    Fault::new(FaultKind::RateLimitExceeded, reason).with_details(details)
}

/// Sends an answer.
pub(crate) async fn send(nats: &Client, to: Subject, reply: Reply) {
    let sent = match reply.headers {
        None => nats.publish(to, reply.payload).await,
        Some(headers) => nats.publish_with_headers(to, headers, reply.payload).await,
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "an answer was not sent");
    }
}
