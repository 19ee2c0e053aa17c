//! What keeps a session going: one task that reads, one that writes and looks at the clock.
//!
//! The reader takes every frame that is there before it lets the writer run; the writer takes
//! everything that is queued and flushes once. Neither starts a timer or a task per call.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::{self, Poll},
    time::Duration,
};

use futures_core::future::BoxFuture;
use futures_util::{
    SinkExt, StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use mb_core::{
    Body, ConnectionError, Context, EndReason, Fault, FaultKind, Frame, FrameSink, FrameStream,
    Link, Message, Name, Published,
};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{Shared, machine::Step, serving, wake};
use crate::{
    meters,
    wire::{self, system},
};

/// How long the end of a connection may take: the last frames out, the other side's goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// How many frames are handled before other tasks, the writer above all, get a turn. Enough for a
/// flush to carry many answers; so few that the other side has the first ones to work on while this
/// one makes the others. With more, the two sides wait for each other in turns.
const FRAMES_PER_TURN: usize = 16;

/// How many events may wait for readers that make their publishers wait. Then no more is read.
const WAITING_EVENTS: usize = 256;

/// A session that has to be run.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    incoming: FrameStream,
    outgoing: FrameSink,
    remote: String,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        incoming: FrameStream,
        outgoing: FrameSink,
        remote: String,
    ) -> Self {
        Self { shared, incoming, outgoing, remote }
    }

    /// Who is at the other end, for the log.
    pub(crate) fn remote(&self) -> &str {
        &self.remote
    }

    /// Runs the session until it is over: `local` gets what the other side asks for, and is closed
    /// at the end. Dropped, it ends the session at once.
    pub(crate) async fn run(self, local: Arc<dyn Link>) {
        let Self { shared, incoming, outgoing, remote } = self;
        let _counted = meters::Connection::one();
        let mut writer = tokio::spawn(write(Arc::clone(&shared), outgoing));
        let ending = Ending {
            shared: Arc::clone(&shared),
            local: Arc::clone(&local),
            writer: writer.abort_handle(),
        };
        let mut reader = Reader { shared, local, incoming, waiting: FuturesUnordered::new() };
        let reading = poll_fn(|cx| reader.poll_end(cx));
        let reason = match select(pin!(reading), &mut writer).await {
            Either::Left((reason, _)) => {
                // A goodbye of this side's own is still to be written.
                if !ending.shared.lock().is_over() {
                    ending.lose(reason);
                    // Told at once, not when the last frames are out or given up.
                    ending.local.close(reason);
                }
                // Whether it says goodbye in time or not, the connection is over.
                let _ = timeout(GOODBYE, writer).await;
                reason
            }
            Either::Right((_, reading)) => {
                timeout(GOODBYE, reading).await.unwrap_or(EndReason::ConnectionLost)
            }
        };
        if !reader.waiting.is_empty() {
            // They have arrived: their readers get them, whatever becomes of the connection.
            tokio::spawn(reader.waiting.for_each(|_| async {}));
        }
        tracing::debug!(remote, %reason, "a connection has ended");
    }
}

/// A connection that is coming to its end. When this is dropped, everybody has been told.
struct Ending {
    shared: Arc<Shared>,
    local: Arc<dyn Link>,
    writer: AbortHandle,
}

impl Ending {
    fn lose(&self, reason: EndReason) {
        self.shared.end(|machine, wakers| machine.lose(reason, wakers));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.lose(EndReason::ConnectionLost);
        self.writer.abort();
        let reason = self.shared.lock().end();
        self.local.close(reason.unwrap_or(EndReason::ConnectionLost));
    }
}

struct Reader {
    shared: Arc<Shared>,
    local: Arc<dyn Link>,
    incoming: FrameStream,
    /// Events whose readers make their publishers wait.
    waiting: FuturesUnordered<BoxFuture<'static, Result<(), Fault>>>,
}

impl Reader {
    /// Handles every frame that is there; ready when there will be none any more.
    fn poll_end(&mut self, cx: &mut task::Context<'_>) -> Poll<EndReason> {
        // Behind a goodbye of this side's own, only the end is waited for.
        let over = self.shared.lock().is_over();
        for _ in 0..FRAMES_PER_TURN {
            while let Poll::Ready(Some(_)) = self.waiting.poll_next_unpin(cx) {}
            if self.waiting.len() >= WAITING_EVENTS {
                return Poll::Pending;
            }
            // Who does not read answers is asked to wait with questions.
            if self.shared.crowded.load(Ordering::Relaxed) {
                task::ready!(self.shared.lock().poll_room(cx));
            }
            match task::ready!(self.incoming.as_mut().poll_next(cx)) {
                Some(Ok(Frame::Data(_))) if over => {}
                Some(Ok(Frame::Data(frame))) => {
                    meters::received(frame.len());
                    if let Some(end) = self.take(&frame, cx) {
                        return Poll::Ready(end);
                    }
                }
                Some(Ok(Frame::Close(reason))) => return Poll::Ready(reason),
                Some(Ok(_)) => self.shared.lock().heard(),
                Some(Err(error)) => return Poll::Ready(self.failed(&error)),
                None => return Poll::Ready(EndReason::ConnectionLost),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn failed(&self, error: &ConnectionError) -> EndReason {
        tracing::debug!(%error, "a connection broke");
        let reason = match error {
            ConnectionError::TooLarge { .. } => EndReason::TooLarge,
            ConnectionError::Protocol(_) => EndReason::BadFrames,
            _ => return EndReason::ConnectionLost,
        };
        self.close(reason);
        reason
    }

    /// Leaves, and says why.
    fn close(&self, reason: EndReason) {
        self.shared.end(|machine, wakers| machine.close(reason, wakers));
    }

    /// Handles one frame. Says why the session is over where this frame was one too many.
    fn take(&mut self, frame: &bytes::Bytes, cx: &mut task::Context<'_>) -> Option<EndReason> {
        let step = match wire::read(&self.shared.codec, frame) {
            Ok(incoming) => self.shared.lock().receive(incoming),
            Err(bad) => self.shared.lock().complain(bad.reason, bad.request_id),
        };
        match step {
            Step::Done(waker) => wake(waker),
            Step::Serve { id, name, payload, context } => {
                let request = (&*name, context, payload);
                serving::serve(&self.shared, &self.local, &id, request, cx);
            }
            Step::Refuse { id, fault } => {
                if let Some(frame) = self.shared.failure_frame(&id, &fault.to_wire()) {
                    self.shared.send(frame);
                }
            }
            Step::Publish { name, payload, context } => {
                let body = payload.into_body(&self.shared.codec);
                let event = Arc::new(Message::new(Name::text(name), context, body));
                match self.local.publish(&event) {
                    Published::Accepted => {}
                    Published::Waiting(rest) => self.waiting.push(rest),
                    Published::Refused(fault) => self.say(&fault),
                }
            }
            Step::Complain { reason, request_id } => {
                let fault = Fault::new(FaultKind::ValidationFailed, reason);
                self.say(&match request_id {
                    Some(id) => fault.with_details(serde_json::json!({ "requestId": id })),
                    None => fault,
                });
                if self.shared.lock().is_fed_up() {
                    self.close(EndReason::BadFrames);
                    return Some(EndReason::BadFrames);
                }
            }
        }
        None
    }

    /// Tells the other side what was wrong with something that it waits for no answer to.
    fn say(&self, fault: &Fault) {
        let body = Body::new(system::ErrorEvent::new(fault));
        if let Ok(frame) = wire::event(&self.shared.codec, system::ERROR, &body, &Context::new()) {
            self.shared.send(frame);
        }
    }
}

/// Writes until there is nothing left to write, and keeps time meanwhile.
async fn write(shared: Arc<Shared>, outgoing: FrameSink) {
    let keeping_time = pin!(keep_time(&shared));
    let writing = pin!(write_all(&shared, outgoing));
    match select(writing, keeping_time).await {
        Either::Left((Ok(()), _)) => {}
        // What the other side has sent before is still read: the end is the reader's to find.
        Either::Left((Err(error), _)) => {
            tracing::debug!(%error, "a connection cannot be written to");
        }
        // The session is over: what is left has a moment to get out.
        Either::Right(((), writing)) => drop(timeout(GOODBYE, writing).await),
    }
}

async fn write_all(shared: &Shared, mut outgoing: FrameSink) -> Result<(), ConnectionError> {
    let mut batch = VecDeque::new();
    while poll_fn(|cx| shared.lock().poll_outgoing(&mut batch, cx)).await {
        meters::sent(batch.len(), || batch.iter().map(Frame::len).sum());
        for frame in batch.drain(..) {
            outgoing.feed(frame).await?;
        }
        outgoing.flush().await?;
        let mut wakers = Vec::new();
        shared.lock().written(&mut wakers);
        wake(wakers);
    }
    outgoing.close().await
}

/// Tells the session the time until it is over.
async fn keep_time(shared: &Shared) {
    loop {
        let next = {
            let mut machine = shared.lock();
            if machine.is_over() {
                return;
            }
            machine.arm()
        };
        let sooner = pin!(shared.sooner.notified());
        if let Either::Right(_) = select(pin!(sleep_until(next)), sooner).await {
            continue;
        }
        let ticked = shared.lock().tick(Instant::now());
        wake(ticked.wakers);
        for id in ticked.late {
            let mut number = itoa::Buffer::new();
            if let Ok(frame) = wire::cancel(&shared.codec, number.format(id.number())) {
                shared.send(frame);
            }
        }
        if ticked.beat {
            let body = Body::new(system::Heartbeat { timestamp: system::timestamp() });
            if let Ok(frame) = wire::event(&shared.codec, system::HEARTBEAT, &body, &Context::new())
            {
                shared.send(frame);
            }
            let waker = shared.lock().ping();
            wake(waker);
        }
    }
}
