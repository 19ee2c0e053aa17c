//! How messages end, told once each: what tracing, metrics and the log have in common.

use std::{
    future::Future,
    pin::Pin,
    task::{self, Poll, ready},
};

use futures_core::Stream;
use mb_core::{Answer, AnyError, Failure, Fault, FaultKind, Status, Streaming};

use super::{Handled, Outcome};

/// How a message has ended.
pub(super) enum Ending<'a> {
    /// As it should, after so many items where it was answered by a stream.
    Done { items: Option<u64> },
    /// With a declared error or a fault.
    Failed(&'a Failure<AnyError>),
    /// Whoever waited for it has left.
    GivenUp,
}

impl Ending<'_> {
    /// What programs match on: `OK` where nothing has failed.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Done { .. } => "OK",
            Self::Failed(Failure::Declared(error)) => error.code(),
            Self::Failed(Failure::Fault(fault)) => fault.code(),
            Self::GivenUp => FaultKind::Cancelled.code(),
        }
    }

    /// The HTTP-like status of what it has failed with.
    pub(super) fn status(&self) -> Option<Status> {
        match self {
            Self::Done { .. } => None,
            Self::Failed(Failure::Declared(error)) => error.status(),
            Self::Failed(Failure::Fault(fault)) => Some(fault.status()),
            Self::GivenUp => Some(FaultKind::Cancelled.status()),
        }
    }

    /// The fault that it has failed with.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed(Failure::Fault(fault)) => Some(fault),
            _ => None,
        }
    }
}

/// Runs `running`, and tells how the message ends: when it is answered, or with the last item of its
/// stream, or when it is dropped before.
pub(super) async fn watched<T>(running: impl Future<Output = Handled>, tell: T) -> Handled
where
    T: FnOnce(Ending<'_>) + Send + 'static,
{
    let teller = Teller(Some(tell));
    match running.await {
        Ok(Outcome::Stream(items)) => {
            let items: Streaming = Box::pin(Items { items, count: 0, teller });
            Ok(Outcome::Stream(items))
        }
        Ok(outcome) => {
            teller.tell(Ending::Done { items: None });
            Ok(outcome)
        }
        Err(failure) => {
            teller.tell(Ending::Failed(&failure));
            Err(failure)
        }
    }
}

/// Whoever is to be told, once.
struct Teller<T: FnOnce(Ending<'_>)>(Option<T>);

impl<T: FnOnce(Ending<'_>)> Teller<T> {
    fn tell(mut self, ending: Ending<'_>) {
        self.now(ending);
    }

    fn now(&mut self, ending: Ending<'_>) {
        if let Some(tell) = self.0.take() {
            tell(ending);
        }
    }
}

impl<T: FnOnce(Ending<'_>)> Drop for Teller<T> {
    fn drop(&mut self) {
        self.now(Ending::GivenUp);
    }
}

/// A streamed reply that is counted.
struct Items<T: FnOnce(Ending<'_>)> {
    items: Streaming,
    count: u64,
    teller: Teller<T>,
}

// Nothing of it is pinned but what is in a box of its own.
impl<T: FnOnce(Ending<'_>)> Unpin for Items<T> {}

impl<T: FnOnce(Ending<'_>)> Stream for Items<T> {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        let item = ready!(self.items.as_mut().poll_next(cx));
        match &item {
            Some(Ok(_)) => self.count += 1,
            Some(Err(failure)) => self.teller.now(Ending::Failed(failure)),
            None => {
                let items = Some(self.count);
                self.teller.now(Ending::Done { items });
            }
        }
        Poll::Ready(item)
    }
}
