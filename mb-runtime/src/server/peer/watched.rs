//! A stream that somebody may read for as long as they may: it ends, with the reason, at the logout,
//! the expiry, or another login. What its handler holds is dropped then, before its reader sees it.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{self, Poll},
};

use futures_core::{Stream, future::BoxFuture};
use futures_util::{
    StreamExt,
    future::{Either, select},
    stream as streams,
};
use mb_core::{Answer, Fault, Streaming};
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, sleep_until},
};

use super::Session;

type Sessions = watch::Receiver<Option<Arc<Session>>>;

/// Items, until an end that comes from outside.
struct Watched {
    items: Streaming,
    /// Gone once it has come.
    end: Option<BoxFuture<'static, Fault>>,
}

/// These items, until that end.
pub(super) fn stream(
    items: Streaming,
    end: impl Future<Output = Fault> + Send + 'static,
) -> Streaming {
    Box::pin(Watched { items, end: Some(Box::pin(end)) })
}

impl Stream for Watched {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Answer>> {
        // Asked first: not even an item that is ready is read by somebody who may not.
        let ended = self.end.as_mut().map(|end| end.as_mut().poll(cx));
        if let Some(Poll::Ready(fault)) = ended {
            self.items = streams::empty().boxed();
            self.end = None;
            return Poll::Ready(Some(Err(fault.into())));
        }
        self.items.as_mut().poll_next(cx)
    }
}

/// Done when whoever was logged in `first`, when the stream was asked for, is not any more, or may not;
/// `refused` says so. Who opens a stream and reads it later, as somebody else, reads nothing.
pub(super) async fn end_of_access(
    first: Option<Arc<Session>>,
    mut sessions: Sessions,
    runtime: Option<Handle>,
    may: impl Fn(Option<&Session>) -> bool + Send,
    refused: impl Fn(Option<&Session>) -> Fault + Send,
) -> Fault {
    loop {
        let session = sessions.borrow_and_update().clone();
        let now = session.as_deref().filter(|session| !session.is_over());
        if id_of(first.as_deref()) != id_of(now) || !may(now) {
            return refused(now);
        }
        let ends = now.and_then(|session| session.ends);
        let changed = sessions.changed();
        let lives = match ends {
            None => changed.await.is_ok(),
            Some(at) => {
                let Some(timer) = timer(at, runtime.as_ref()) else {
                    return Fault::no_runtime("a stream under a login that expires");
                };
                match select(pin!(changed), pin!(timer)).await {
                    Either::Left((changed, _)) => changed.is_ok(),
                    Either::Right(_) => true,
                }
            }
        };
        if !lives {
            // The connection is gone: that has a reason of its own.
            return std::future::pending().await;
        }
    }
}

fn id_of(session: Option<&Session>) -> Option<&str> {
    session.map(|session| &*session.login.actor.id)
}

/// A timer on a runtime, wherever it is polled.
fn timer(at: Instant, runtime: Option<&Handle>) -> Option<tokio::time::Sleep> {
    let _on_it = runtime?.enter();
    Some(sleep_until(at))
}
