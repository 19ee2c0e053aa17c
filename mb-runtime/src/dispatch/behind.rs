//! A handler behind a chain of middleware: let in through the gate before the first of them, behind a
//! net for their panics, until all of them are done, dropped or cut off.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{self, Poll, ready},
    time::Duration,
};

use futures_core::{Stream, future::BoxFuture};
use futures_util::future::{Either, select};
use mb_core::{
    Answer, Codec, Failure, Fault, FaultKind, Message, Name, Published, RequestDescriptor,
    Streaming,
};
use pin_project_lite::pin_project;
use tokio::{runtime::Handle, time::timeout};

use super::{
    Handler,
    detached::Detached,
    gate::{self, End, Entry, Gate},
    net::Net,
    seal,
};
use crate::middleware::{self, Handled, Kind, Passing, Way};

impl middleware::End for Handler {
    fn pass(&self, message: Message) -> Passing {
        match self {
            Self::Unary(handler) => Passing::Once(handler(message)),
            Self::Streamed(handler) => Passing::Many(handler(message)),
        }
    }
}

/// A handler behind this chain.
pub(super) fn behind(
    chain: middleware::Chain,
    gate: &Arc<Gate>,
    request: &'static RequestDescriptor,
    handler: Handler,
) -> Handler {
    let way = Way::new(Kind::Server, chain, handler);
    let gate = Arc::clone(gate);
    if request.streamed {
        return Handler::Streamed(Box::new(move |mut message| {
            message.set_name(Name::Request(request));
            let stage = Stage::Passing(Box::pin(Arc::clone(&way).run(message)));
            let (gate, name) = (Arc::clone(&gate), request.full_name);
            Box::pin(Items { gate, name, stage, end: End::default() })
        }));
    }
    Handler::Unary(Box::new(move |mut message| {
        message.set_name(Name::Request(request));
        let answer: BoxFuture<'static, Answer> = Box::pin(Once {
            name: request.full_name,
            chain: Net::around(Arc::clone(&way).run(message)),
            end: End::default(),
            entry: Entry::of(&gate),
        });
        if request.detached {
            // The chain sees it to its end, as its handler does.
            return Detached::calling(answer, gate.runtime().cloned());
        }
        answer.into()
    }))
}

pin_project! {
    /// One request through the chain, whose handler answers once.
    struct Once<F> {
        name: &'static str,
        #[pin]
        chain: Net<F>,
        end: End,
        // Last, as fields are dropped in this order: inside until the chain is gone.
        entry: Entry,
    }
}

impl<F: Future<Output = Handled>> Future for Once<F> {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Answer> {
        let mut this = self.project();
        let name = *this.name;
        this.entry.enter()?;
        let handled = match this.chain.as_mut().poll(cx) {
            Poll::Ready(handled) => Some(handled),
            Poll::Pending => {
                ready!(this.end.poll(cx, this.entry.gate().when_cut()));
                this.chain.set(Net::empty());
                None
            }
        };
        this.entry.leave();
        Poll::Ready(match handled {
            Some(Ok(Ok(outcome))) => {
                outcome.into_reply(name).map_err(|fault| leaving(fault, name).into())
            }
            Some(Ok(Err(failure))) => Err(failing(failure, name)),
            Some(Err(panic)) => Err(seal::panicked(name, panic).into()),
            None => Err(gate::cut_off().into()),
        })
    }
}

/// What of a failure may leave the server.
fn failing<E>(failure: Failure<E>, name: &str) -> Failure<E> {
    match failure {
        Failure::Fault(fault) => leaving(fault, name).into(),
        declared @ Failure::Declared(_) => declared,
    }
}

fn leaving(fault: Fault, name: &str) -> Fault {
    seal::seal(fault, name).without_source()
}

/// One request through the chain, whose handler answers by a stream. It is inside while it is at
/// work, and only then: a stop waits for the work, not for the reader.
struct Items {
    gate: Arc<Gate>,
    name: &'static str,
    stage: Stage,
    end: End,
}

enum Stage {
    Passing(BoxFuture<'static, Handled>),
    Items(Streaming),
    Over,
}

impl Items {
    fn poll_work(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        loop {
            match &mut self.stage {
                Stage::Passing(chain) => {
                    let items = ready!(chain.as_mut().poll(cx))?.into_stream(self.name)?;
                    self.stage = Stage::Items(items);
                }
                Stage::Items(items) => return items.as_mut().poll_next(cx),
                Stage::Over => return Poll::Ready(None),
            }
        }
    }

    /// Lets go of what is left.
    fn finish(&mut self) {
        let left = std::mem::replace(&mut self.stage, Stage::Over);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(left))) {
            seal::dropped_badly(panic);
        }
    }
}

impl Stream for Items {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let this = &mut *self;
        let gate = Arc::clone(&this.gate);
        let item = match gate.enter() {
            Err(stopped) => Some(Err(stopped.into())),
            Ok(_inside) => {
                let work = AssertUnwindSafe(|| this.poll_work(cx));
                match catch_unwind(work) {
                    Ok(Poll::Ready(item)) => item,
                    Ok(Poll::Pending) => {
                        ready!(this.end.poll(cx, gate.when_closing()));
                        Some(Err(Fault::stopped().into()))
                    }
                    Err(panic) => Some(Err(seal::panicked(this.name, panic).into())),
                }
            }
        };
        let item = item.map(|item| item.map_err(|failure| failing(failure, this.name)));
        if !matches!(item, Some(Ok(_))) {
            this.finish();
        }
        Poll::Ready(item)
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        self.finish();
    }
}

/// An event once more, for a chain: it may change its own.
pub(crate) fn another(event: &Message) -> Result<Message, Fault> {
    let body = match event.body().share() {
        Some(body) => body,
        None => event
            .body()
            .encode(&Codec::JSON)
            .map_err(|error| Fault::new(FaultKind::ValidationFailed, error.to_string()))?
            .into(),
    };
    Ok(Message::new(event.name().clone(), event.context().clone(), body))
}

/// How long an event that has arrived may take in its chain.
const EVENT_LIMIT: Duration = Duration::from_secs(30);

/// An event through a chain: refused as what the chain has failed with. A stop waits for it, and ends
/// it. Where it is done at once, it keeps its place among others; one that has to wait may be
/// overtaken.
pub(crate) fn published(way: Arc<Way>, gate: &Arc<Gate>, event: Message) -> Published {
    let name = event.name().to_string();
    let arrives = way.kind() == Kind::Consumer;
    let mut entry = Entry::of(gate);
    let mut passing: BoxFuture<'static, Result<(), Fault>> = Box::pin(async move {
        entry.join()?;
        let chain = pin!(Net::around(way.run(event)));
        let cut = pin!(entry.gate().when_cut().cancelled());
        let handled = match select(chain, cut).await {
            Either::Left((handled, _)) => handled,
            Either::Right(_) => return Err(Fault::stopped()),
        };
        match handled {
            Ok(Ok(_)) => Ok(()),
            // What has arrived was sent by somebody else.
            Ok(Err(Failure::Fault(fault))) if arrives => Err(leaving(fault, &name)),
            Ok(Err(Failure::Fault(fault))) => Err(fault),
            Ok(Err(Failure::Declared(error))) => Err(Fault::from_wire(error.to_wire())),
            Err(panic) => Err(seal::panicked(&name, panic)),
        }
    });
    let mut cx = task::Context::from_waker(task::Waker::noop());
    match passing.as_mut().poll(&mut cx) {
        Poll::Ready(Ok(())) => Published::Accepted,
        Poll::Ready(Err(fault)) => Published::Refused(fault),
        // Its sender waits for it, or, on a network, the connection that it came over.
        Poll::Pending if arrives && Handle::try_current().is_ok() => {
            Published::Waiting(Box::pin(async move {
                let late = || Fault::new(FaultKind::Timeout, "the event was not received in time");
                timeout(EVENT_LIMIT, passing).await.unwrap_or_else(|_| Err(late()))
            }))
        }
        Poll::Pending => Published::Waiting(passing),
    }
}
