//! Requests of the other side: each is polled where it was read, and goes on in a task of its own
//! only if it is not done then.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use bytes::Bytes;
use mb_core::{
    Answer, Answering, Body, Calling, Context, Failure, Fault, FaultKind, Link, Streaming,
    WireError,
};

use super::{
    Shared,
    served::{ServedId, Stop},
    wake,
};
use crate::wire::{self, Value};

/// Answers a request, now or later.
pub(super) fn serve(
    shared: &Arc<Shared>,
    local: &Arc<dyn Link>,
    id: &str,
    (name, context, payload): (&str, Context, Value),
    cx: &mut task::Context<'_>,
) {
    let deadline = context.deadline();
    match local.answer(name, context, payload.into_body(&shared.codec)) {
        Answering::Once(mut calling) => match Pin::new(&mut calling).poll(cx) {
            Poll::Ready(answer) => {
                let frame = shared.answer_frame(id, answer);
                let waker = shared.lock().answered(frame);
                wake(waker);
            }
            Poll::Pending => go_on(shared, id, deadline, |shared, served| {
                answer_once(shared, served, name.into(), calling)
            }),
        },
        Answering::Many(items) => go_on(shared, id, deadline, |shared, served| {
            answer_many(shared, served, name.into(), items)
        }),
    }
}

fn go_on<F: Future<Output = ()> + Send + 'static>(
    shared: &Arc<Shared>,
    id: &str,
    deadline: Option<tokio::time::Instant>,
    work: impl FnOnce(Arc<Shared>, ServedId) -> F,
) {
    let mut machine = shared.lock();
    let served = machine.serve(id.into(), deadline);
    let sooner = deadline.is_some_and(|deadline| machine.is_before_next_tick(deadline));
    drop(machine);
    if sooner {
        shared.sooner.notify_one();
    }
    match served {
        Some(served) => drop(tokio::spawn(work(Arc::clone(shared), served))),
        None => {
            let waker = shared.lock().answered(None);
            wake(waker);
        }
    }
}

async fn answer_once(shared: Arc<Shared>, id: ServedId, name: Box<str>, mut calling: Calling) {
    let answer = poll_fn(|cx| {
        let stop = shared.lock().poll_stop(&id, cx);
        match stop {
            Poll::Pending => Pin::new(&mut calling).poll(cx).map(Ok),
            // Done, or cut off: it says so itself, at once.
            Poll::Ready(Stop::Leaving) => match Pin::new(&mut calling).poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Ok(answer)),
                Poll::Pending => Poll::Ready(Err(Stop::Leaving)),
            },
            Poll::Ready(stop) => Poll::Ready(Err(stop)),
        }
    })
    .await;
    // The handler is gone before anybody hears of its end.
    drop(calling);
    let frame = match answer {
        Ok(answer) => shared.answer_frame(&id.id, answer),
        Err(stop) => shared.stop_frame(&id, &name, stop),
    };
    shared.finish(&id, frame).await;
}

async fn answer_many(shared: Arc<Shared>, id: ServedId, name: Box<str>, mut items: Streaming) {
    let last = loop {
        // Nothing is made before the other side allows it, and the network has room for it.
        let item = poll_fn(|cx| {
            let mut machine = shared.lock();
            if let Poll::Ready(stop) = machine.poll_stop(&id, cx) {
                return Poll::Ready(Err(stop));
            }
            machine.poll_item(&id, cx).map(Ok)
        })
        .await;
        let item = match item {
            Ok(()) => {
                poll_fn(|cx| {
                    let stop = shared.lock().poll_stop(&id, cx);
                    match stop {
                        Poll::Ready(stop) => Poll::Ready(Err(stop)),
                        Poll::Pending => items.as_mut().poll_next(cx).map(Ok),
                    }
                })
                .await
            }
            Err(stop) => Err(stop),
        };
        match item {
            Ok(Some(Ok(body))) => match shared.item_frame(&id.id, &body) {
                Ok(frame) => shared.send(frame),
                Err(fault) => break shared.failure_frame(&id.id, &fault.to_wire()),
            },
            Ok(Some(Err(failure))) => break shared.answer_frame(&id.id, Err(failure)),
            Ok(None) => break wire::end(&shared.codec, &id.id).ok(),
            Err(stop) => break shared.stop_frame(&id, &name, stop),
        }
    };
    drop(items);
    shared.finish(&id, last).await;
}

impl Shared {
    /// Queues the answer of a request that went on, as soon as there is room for it.
    async fn finish(&self, id: &ServedId, frame: Option<Bytes>) {
        poll_fn(|cx| self.lock().poll_room(cx)).await;
        let waker = self.lock().finish(id, frame);
        wake(waker);
    }

    /// What answers a request. `None` where not even its failure can be written.
    pub(super) fn answer_frame(&self, id: &str, answer: Answer) -> Option<Bytes> {
        let error = match answer {
            Ok(body) => match self.fitting(wire::reply(&self.codec, id, &body)) {
                Ok(frame) => return Some(frame),
                Err(fault) => fault.to_wire(),
            },
            Err(Failure::Declared(error)) => error.to_wire(),
            Err(Failure::Fault(fault)) => fault.to_wire(),
        };
        self.failure_frame(id, &error)
    }

    fn item_frame(&self, id: &str, body: &Body) -> Result<Bytes, Fault> {
        self.fitting(wire::item(&self.codec, id, body))
    }

    pub(super) fn failure_frame(&self, id: &str, error: &WireError) -> Option<Bytes> {
        let frame = self.fitting(wire::failure(&self.codec, id, error));
        frame.or_else(|fault| wire::failure(&self.codec, id, &fault.to_wire())).ok()
    }

    fn stop_frame(&self, id: &ServedId, name: &str, stop: Stop) -> Option<Bytes> {
        let fault = match stop {
            Stop::Cancelled => Fault::new(FaultKind::Cancelled, "the caller has given up"),
            // As the caller itself says it, whichever of the two is first.
            Stop::Late => Fault::late(name),
            Stop::Leaving => Fault::stopped(),
            Stop::Closed => return None,
        };
        self.failure_frame(&id.id, &fault.to_wire())
    }

    /// A frame that can be written, and that the other side takes.
    fn fitting(&self, written: Result<Bytes, mb_core::EncodeError>) -> Result<Bytes, Fault> {
        let frame = written.map_err(|error| {
            // What the type says about itself is this side's business.
            tracing::error!(%error, "a reply cannot be written");
            let reason = format!("the reply cannot be written as {}", self.codec.name());
            Fault::new(FaultKind::Internal, reason)
        })?;
        self.check_reply(frame)
    }

    fn check_reply(&self, frame: Bytes) -> Result<Bytes, Fault> {
        let largest = self.max_frame.load(std::sync::atomic::Ordering::Relaxed);
        if frame.len() <= largest {
            return Ok(frame);
        }
        let size = frame.len();
        let reason = format!(
            "the reply takes {size} bytes, this side takes {largest} at most: ask for less, or raise \
             `Limits::max_message` here"
        );
        let details = serde_json::json!({ "bytes": size, "limit": largest });
        Err(Fault::new(FaultKind::PayloadTooLarge, reason).with_details(details))
    }
}
