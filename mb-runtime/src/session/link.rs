//! The way to the other side of a session: calls, streams and events as frames.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{self, Poll, Waker, ready},
};

use bytes::Bytes;
use futures_core::{Stream, future::BoxFuture};
use mb_core::{
    Answer, AnyError, Body, Calling, Context, EncodeError, EndReason, Failure, Fault, FaultKind,
    Introduction, Link, Message, Name, Published, Streaming, SubscriptionId,
};

use tokio::time::Instant;

use super::{
    Shared,
    calls::{CallId, Outcome, Ticket},
    machine::Unheard,
    wake,
};
use crate::{
    dispatch::{answered_otherwise, refused_stream},
    wire::{self, system},
};

/// The way to the other side of a session.
pub(crate) struct SessionLink(pub(super) Arc<Shared>);

/// How many items a streamed reply may be ahead of its reader.
const WINDOW: u32 = 32;

impl Link for SessionLink {
    fn call(&self, request: Message) -> Calling {
        // The other side would wait to be asked for items, and this one for an answer.
        if let Name::Request(declared) = request.name()
            && declared.streamed
        {
            return Calling::refused(answered_otherwise(declared));
        }
        let call = Outgoing::new(&self.0, request, None);
        let running: BoxFuture<'static, Answer> = Box::pin(CallOnce(call));
        running.into()
    }

    fn stream(&self, request: Message) -> Streaming {
        if let Name::Request(declared) = request.name()
            && !declared.streamed
        {
            return refused_stream(answered_otherwise(declared));
        }
        let call = Outgoing::new(&self.0, request, Some(WINDOW));
        Box::pin(CallMany { call, taken: 0, done: false })
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        match self.0.announce(event) {
            Ok(()) => Published::Accepted,
            Err(Unsent::Fault(fault)) => Published::Refused(fault),
            Err(Unsent::Full(frame)) => {
                let shared = Arc::clone(&self.0);
                Published::Waiting(Box::pin(async move { shared.announce_later(frame).await }))
            }
        }
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        let body = Body::new(system::Subscribe { client_id: None, events });
        let asked = self.call(system_request(system::SUBSCRIBE, body));
        Box::pin(async move {
            let subscribed: system::Subscribed = understood(asked.await)?;
            Ok(SubscriptionId(subscribed.subscription_id.into()))
        })
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        let subscription_id = subscription.0.to_string();
        let body = Body::new(system::Unsubscribe { client_id: None, subscription_id });
        self.0.request_and_forget(system::UNSUBSCRIBE, &body);
    }

    fn close(&self, reason: EndReason) {
        self.0.end(|machine, wakers| machine.close(reason, wakers));
    }

    fn keeps_deadlines(&self) -> bool {
        true
    }

    fn met(&self, other: &Introduction) {
        self.0.full_names.store(other.knows_contracts, Ordering::Relaxed);
        if let Some(largest) = other.max_message {
            self.0.max_frame.store(largest, Ordering::Relaxed);
        }
    }
}

/// A request of the system's own.
pub(crate) fn system_request(name: &'static str, body: Body) -> Message {
    Message::new(Name::text(name), Context::new(), body)
}

/// The answer to a request of the system's own.
pub(crate) fn understood<T: mb_core::Payload>(answer: Answer) -> Result<T, Fault> {
    match answer {
        Ok(body) => body.decode().map_err(|error| {
            let reason = format!("the other side's answer is not as it should be: {error}");
            Fault::new(FaultKind::ContractMismatch, reason)
        }),
        Err(Failure::Declared(error)) => Err(match error.resolve::<mb_core::Never>() {
            Failure::Declared(never) => match never {},
            Failure::Fault(fault) => fault,
        }),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

enum Unsent {
    Fault(Fault),
    Full(Bytes),
}

impl Shared {
    fn announce(&self, event: &Arc<Message>) -> Result<(), Unsent> {
        let written = event.frame(&self.codec, || {
            wire::event(&self.codec, self.name_of(event.name()), event.body(), event.context())
        });
        let frame = written.map_err(|error| Unsent::Fault(unwritable(event.name(), &error)))?;
        self.check_size(event.name(), &frame).map_err(Unsent::Fault)?;
        let mut machine = self.lock();
        if self.is_client && !machine.has_room() {
            return Err(Unsent::Full(frame));
        }
        let sent = machine.announce(frame);
        drop(machine);
        self.heard(sent).map_err(Unsent::Fault)
    }

    async fn announce_later(&self, frame: Bytes) -> Result<(), Fault> {
        std::future::poll_fn(|cx| self.lock().poll_room(cx)).await;
        let sent = self.lock().announce(frame);
        self.heard(sent)
    }

    /// Wakes whoever is to be woken after an event was queued, or was not.
    fn heard(&self, sent: Result<Option<Waker>, Unheard>) -> Result<(), Fault> {
        match sent {
            Ok(waker) => {
                wake(waker);
                Ok(())
            }
            Err(Unheard { reason, wakers }) => {
                wake(wakers);
                self.sooner.notify_one();
                Err(Fault::unavailable(reason.to_string()))
            }
        }
    }

    fn check_size(&self, name: &Name, frame: &Bytes) -> Result<(), Fault> {
        let largest = self.max_frame.load(Ordering::Relaxed);
        if frame.len() <= largest {
            return Ok(());
        }
        let size = frame.len();
        let reason = format!("{name} takes {size} bytes, the other side takes {largest} at most");
        let details = serde_json::json!({ "bytes": size, "limit": largest });
        Err(Fault::new(FaultKind::PayloadTooLarge, reason).with_details(details))
    }

    /// Asks for something whose answer is of no interest.
    fn request_and_forget(&self, name: &'static str, body: &Body) {
        let mut machine = self.lock();
        let cx = task::Context::from_waker(task::Waker::noop());
        let started = machine.poll_start(None, None, &mut None, &cx);
        // With every place taken, the other side has more to do than this.
        let Poll::Ready(Ok(id)) = started else { return };
        machine.release(id);
        drop(machine);
        let mut number = itoa::Buffer::new();
        let id = number.format(id.number());
        if let Ok(frame) = wire::request(&self.codec, id, name, body, &Context::new()) {
            self.send(frame);
        }
    }
}

fn unwritable(name: &Name, error: &EncodeError) -> Fault {
    Fault::new(FaultKind::ValidationFailed, format!("{name} {error}"))
}

/// A request on its way, once or streamed. Dropped before its end, it is cancelled.
struct Outgoing {
    shared: Arc<Shared>,
    /// Until it is sent.
    request: Option<Message>,
    name: Name,
    /// How many items a streamed one may be ahead.
    window: Option<u32>,
    step: Step,
}

enum Step {
    /// With a ticket where as many calls as there may be are under way.
    Unsent(Option<Ticket>),
    Sent(CallId),
    Over,
}

impl Outgoing {
    fn new(shared: &Arc<Shared>, request: Message, window: Option<u32>) -> Self {
        let name = request.name().clone();
        let step = Step::Unsent(None);
        Self { shared: Arc::clone(shared), request: Some(request), name, window, step }
    }

    /// Sends the request, as soon as there is a place for it.
    fn poll_sent(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<CallId, Fault>> {
        let ticket = match &mut self.step {
            Step::Sent(id) => return Poll::Ready(Ok(*id)),
            Step::Over => return Poll::Pending,
            Step::Unsent(ticket) => ticket,
        };
        let Some(request) = &self.request else { return Poll::Pending };
        if let Some(waiting) = *ticket
            && request.context().deadline().is_some_and(|deadline| deadline <= Instant::now())
        {
            let next = self.shared.lock().leave_queue(waiting);
            wake(next);
            self.step = Step::Over;
            return Poll::Ready(Err(self.late()));
        }
        let sent = ready!(self.shared.poll_request(request, self.window, ticket, cx));
        self.request = None;
        self.step = sent.as_ref().map_or(Step::Over, |id| Step::Sent(*id));
        Poll::Ready(sent)
    }

    fn late(&self) -> Fault {
        Fault::new(FaultKind::Timeout, format!("{} was not answered in time", self.name))
    }

    /// What came back, as an answer.
    fn read(&self, outcome: Outcome) -> Answer {
        match outcome {
            Outcome::Data(value) => Ok(value.into_body(&self.shared.codec)),
            Outcome::Failed(error) => Err(Failure::Declared(AnyError::from(error))),
            Outcome::Late => Err(self.late().into()),
            Outcome::Fault(fault) => Err(Failure::Fault(fault)),
            Outcome::End => Err(Fault::unavailable("there is no answer any more").into()),
        }
    }
}

impl Shared {
    fn poll_request(
        &self,
        request: &Message,
        window: Option<u32>,
        ticket: &mut Option<Ticket>,
        cx: &task::Context<'_>,
    ) -> Poll<Result<CallId, Fault>> {
        let deadline = request.context().deadline();
        let mut machine = self.lock();
        let started = machine.poll_start(deadline, window, ticket, cx);
        let sooner = deadline.is_some_and(|deadline| machine.is_before_next_tick(deadline));
        drop(machine);
        if sooner {
            self.sooner.notify_one();
        }
        let id = ready!(started)?;
        let mut number = itoa::Buffer::new();
        let text = number.format(id.number());
        let name = self.name_of(request.name());
        let written = wire::request(&self.codec, text, name, request.body(), request.context())
            .map_err(|error| unwritable(request.name(), &error))
            .and_then(|frame| self.check_size(request.name(), &frame).map(|()| frame));
        match written {
            Ok(frame) => {
                let credit = window.and_then(|n| wire::credit(&self.codec, text, n).ok());
                let mut machine = self.lock();
                let waker = machine.request(id, frame);
                if let Some(credit) = credit {
                    // The writer has been told of the frame before it.
                    let _ = machine.send(credit);
                }
                drop(machine);
                wake(waker);
                Poll::Ready(Ok(id))
            }
            Err(fault) => {
                self.release(id);
                Poll::Ready(Err(fault))
            }
        }
    }
}

impl Shared {
    /// Gives a call's place up. Says whether the other side should be told.
    fn release(&self, id: CallId) -> bool {
        let mut machine = self.lock();
        let tell = machine.release(id);
        let next = machine.next_in_queue();
        drop(machine);
        wake(next);
        tell
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        match self.step {
            Step::Sent(id) => {
                if self.shared.release(id) {
                    let mut number = itoa::Buffer::new();
                    let id = number.format(id.number());
                    if let Ok(frame) = wire::cancel(&self.shared.codec, id) {
                        self.shared.send(frame);
                    }
                }
            }
            Step::Unsent(Some(ticket)) => {
                let next = self.shared.lock().leave_queue(ticket);
                wake(next);
            }
            Step::Unsent(None) | Step::Over => {}
        }
    }
}

/// A call that is answered once.
struct CallOnce(Outgoing);

impl Future for CallOnce {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let call = &mut self.0;
        let first = !matches!(call.step, Step::Sent(_));
        let id = ready!(call.poll_sent(cx))?;
        if first {
            // Its waker went along with the request.
            return Poll::Pending;
        }
        let mut machine = call.shared.lock();
        let outcome = ready!(machine.poll_answer(id, cx));
        let next = machine.next_in_queue();
        drop(machine);
        wake(next);
        call.step = Step::Over;
        Poll::Ready(call.read(outcome))
    }
}

/// A call that is answered by a stream.
struct CallMany {
    call: Outgoing,
    /// Items taken since the other side was last allowed more.
    taken: u32,
    done: bool,
}

impl CallMany {
    /// Allows the other side more items, when half of what it had is used up.
    fn took(&mut self, id: CallId) {
        self.taken += 1;
        if self.taken < WINDOW / 2 {
            return;
        }
        let more = std::mem::take(&mut self.taken);
        let mut number = itoa::Buffer::new();
        let id_text = number.format(id.number());
        if let Ok(frame) = wire::credit(&self.call.shared.codec, id_text, more) {
            let mut machine = self.call.shared.lock();
            machine.allow(id, more);
            let waker = machine.send(frame);
            drop(machine);
            wake(waker);
        }
    }
}

impl Stream for CallMany {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        let outcome = match ready!(this.call.poll_sent(cx)) {
            Ok(id) => {
                let outcome = ready!(this.call.shared.lock().poll_outcome(id, cx));
                if let Outcome::Data(_) = outcome {
                    this.took(id);
                }
                outcome
            }
            Err(fault) => Outcome::Fault(fault),
        };
        this.done = !matches!(outcome, Outcome::Data(_));
        Poll::Ready(match outcome {
            Outcome::End => None,
            outcome => Some(this.call.read(outcome)),
        })
    }
}
