//! A server at work on a fresh endpoint, and the ways to reach it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mb_core::{Endpoint, Reply};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Arena,
    check::{Outcome, there},
    contract::probe,
    service::{Log, Probe},
};
use crate::{ClientBuilder, Reconnect, Server, ServerBuilder};

/// No two cases of a process share a name, whichever arena they run in.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// An endpoint that nobody has been bound to.
pub(super) fn fresh(arena: &dyn Arena) -> String {
    arena.endpoint(&format!("conformance-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A server of `probe`, and what is known of it.
pub(super) struct Stage<'a> {
    pub(super) arena: &'a dyn Arena,
    pub(super) server: Server,
    pub(super) log: Arc<Log>,
    /// Where it listens.
    pub(super) at: Endpoint,
}

impl<'a> Stage<'a> {
    pub(super) async fn open(arena: &'a dyn Arena) -> Outcome<Self> {
        Self::open_with(arena, |server| server).await
    }

    /// A server with more than the arena's own settings.
    pub(super) async fn open_with(
        arena: &'a dyn Arena,
        change: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Outcome<Self> {
        let log = Arc::<Log>::default();
        let server = change(serving(arena, &log)).bind(fresh(arena)).start().await?;
        Self::of(arena, server, log)
    }

    /// Another server where this one was.
    pub(super) async fn reopen(&self) -> Outcome<Self> {
        let log = Arc::<Log>::default();
        let server = serving(self.arena, &log).bind(&self.at).start().await?;
        Self::of(self.arena, server, log)
    }

    fn of(arena: &'a dyn Arena, server: Server, log: Arc<Log>) -> Outcome<Self> {
        let at =
            there("the endpoint that a server listens on", server.endpoints().first())?.clone();
        Ok(Self { arena, server, log, at })
    }

    /// What clients connect to.
    pub(super) fn dial(&self) -> String {
        self.arena.dial(&self.at)
    }

    pub(super) async fn connect(&self) -> Outcome<probe::Client> {
        self.connect_with(|client| client).await
    }

    /// A client with more than the arena's own settings.
    pub(super) async fn connect_with(
        &self,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Outcome<probe::Client> {
        let client = change(connecting(self.arena)).connect(self.dial()).await?;
        Ok(client.typed()?)
    }
}

/// A server of `probe` about to be started.
pub(super) fn serving(arena: &dyn Arena, log: &Arc<Log>) -> ServerBuilder {
    arena.server().id("stage").serve(probe::serve(Probe(Arc::clone(log))))
}

/// A client about to connect, in no mood to wait for long.
pub(super) fn connecting(arena: &dyn Arena) -> ClientBuilder {
    let (first, longest) = (Duration::from_millis(5), Duration::from_millis(50));
    arena.client().reconnect(Reconnect::new().first_delay(first).longest_delay(longest))
}

/// Work beside the case, which ends with it.
pub(super) fn spawn<F>(work: F) -> AbortOnDropHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    AbortOnDropHandle::new(tokio::spawn(work))
}

/// A call that is answered when its ticket is released.
pub(super) fn hold(client: &probe::Client, ticket: u32) -> AbortOnDropHandle<Reply<u32>> {
    let client = client.clone();
    spawn(async move { client.hold(ticket).await })
}

/// Waits for something that nobody tells: looks again and again.
pub(super) async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
