//! A call of this side on its way: queued, sent, answered once or by items, and taken back where its
//! caller leaves. Polling is all that moves it; there is no task per call.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
};

use futures_core::{Stream, future::BoxFuture};
use mb_core::{Answer, AnyError, Calling, Failure, Fault, Message, Name, Streaming};
use tokio::time::Instant;

use super::{
    Shared,
    calls::{CallId, Outcome, Ticket},
    link::unwritable,
    wake,
};
use crate::wire;

/// How many items a streamed reply may be ahead of its reader.
const WINDOW: u32 = 32;

/// A request that is answered once.
pub(super) fn once(shared: &Arc<Shared>, request: Message) -> Calling {
    let call = Outgoing::new(shared, request, None);
    let running: BoxFuture<'static, Answer> = Box::pin(CallOnce(call));
    running.into()
}

/// A request that is answered by a stream.
pub(super) fn many(shared: &Arc<Shared>, request: Message) -> Streaming {
    let call = Outgoing::new(shared, request, Some(WINDOW));
    Box::pin(CallMany { call, taken: 0, done: false })
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
        Fault::late(&self.name)
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
