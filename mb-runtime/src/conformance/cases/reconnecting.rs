//! Connections that are lost, and what clients make of it.
//!
//! A connection is lost in two ways: its server stops and says so, or its server's whole runtime
//! goes down without a word, as a process that is killed.

use std::{sync::Arc, thread, time::Duration};

use mb_core::{EndReason, Endpoint, FaultKind};
use tokio::{runtime, sync::oneshot};
use tokio_stream::StreamExt;

use super::cases;
use crate::{
    Client, ClientStatus, Notice, Reconnect,
    conformance::{
        Arena,
        check::{Outcome, fault, holds, owed, refused, same, there},
        contract::{
            annex, other_probe,
            probe::{self, Noted, Question, Refusal, Then},
            screen,
        },
        service::{Annex, Log, Other, Screen},
        stage::{Stage, connecting, fresh, hold, serving, spawn},
    },
};

cases!("reconnecting":
    a_client_comes_back_to_a_server_that_restarts,
    a_client_comes_back_after_a_crash,
    a_subscription_goes_on_and_counts_the_gap,
    what_was_unsubscribed_stays_unsubscribed,
    a_call_under_way_at_a_crash_fails_and_may_have_run,
    an_idempotent_call_under_way_at_a_crash_is_carried_out,
    an_idempotent_call_waits_for_the_next_connection,
    an_idempotent_call_is_not_repeated_for_what_its_server_says,
    an_idempotent_call_waits_no_longer_than_it_may,
    a_stream_under_way_at_a_crash_ends_with_the_reason,
    a_server_can_call_its_client_again,
    a_client_that_does_not_reconnect_is_over,
    a_server_that_serves_something_else_now_is_refused,
    a_client_may_be_there_before_its_server,
    the_status_tells_every_step,
);

const NEVER_LOST: &str = "within a process a connection ends only with its server, for good";

fn note(number: u32) -> Noted {
    Noted { number, text: String::new() }
}

/// A server on a runtime of its own, which can go down with it.
struct Doomed {
    at: Endpoint,
    log: Arc<Log>,
    crash: oneshot::Sender<()>,
    gone: oneshot::Receiver<()>,
}

impl Doomed {
    async fn start(arena: &dyn Arena) -> Outcome<Self> {
        let log = Arc::<Log>::default();
        let server = serving(arena, &log).bind(fresh(arena));
        let (told, started) = oneshot::channel();
        let (crash, crashed) = oneshot::channel();
        let (went, gone) = oneshot::channel();
        thread::spawn(move || {
            let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            let server = match runtime.block_on(server.start()) {
                Ok(server) => server,
                Err(error) => return drop(told.send(Err(error))),
            };
            let _ = told.send(Ok(server.endpoints().first().cloned()));
            // Also where the case has failed, and nobody is there any more to say so.
            let _ = runtime.block_on(crashed);
            // Its tasks go first: nobody gets to say goodbye.
            drop(runtime);
            drop(server);
            let _ = went.send(());
        });
        let at = there("the endpoint that a server listens on", started.await??)?;
        Ok(Self { at, log, crash, gone })
    }

    /// A client in the state to be crashed upon.
    async fn connect(&self, arena: &dyn Arena) -> Outcome<probe::Client> {
        Ok(connecting(arena).connect(arena.dial(&self.at)).await?.typed()?)
    }

    /// Goes down, and is gone when this is done.
    async fn crash(self) -> Outcome<Endpoint> {
        let _ = self.crash.send(());
        self.gone.await?;
        Ok(self.at)
    }
}

/// A server where another has been.
async fn again(arena: &dyn Arena, at: Endpoint) -> Outcome<Stage<'_>> {
    let log = Arc::<Log>::default();
    let server = serving(arena, &log).bind(&at).start().await?;
    Ok(Stage { arena, server, log, at })
}

async fn back(client: &Client) -> Outcome {
    let connected = |status: &ClientStatus| *status == ClientStatus::Connected;
    client.watch_status().wait_for(connected).await?;
    Ok(())
}

async fn away(client: &Client) -> Outcome {
    let away = |status: &ClientStatus| matches!(status, ClientStatus::Reconnecting(_));
    client.watch_status().wait_for(away).await?;
    Ok(())
}

async fn a_client_comes_back_to_a_server_that_restarts(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let mut stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.id("ada")).await?;
    for _ in 0..3 {
        stage.server.stop().await?;
        away(client.client()).await?;
        let told = fault(FaultKind::Unavailable, client.echo("away".into()).await)?;
        holds("nothing has run, and it is retryable", told.is_retryable() && !told.may_have_run())?;
        stage = stage.reopen().await?;
        back(client.client()).await?;
        same("the echo", client.echo("back".into()).await?.as_str(), "back")?;
        same("the source", client.look_around().await?.source.as_deref(), Some("ada"))?;
        let clients: Vec<_> = stage.server.clients().into_iter().map(|c| c.client_id).collect();
        same("the clients of the server", clients, ["ada"])?;
    }
    Ok(())
}

async fn a_client_comes_back_after_a_crash(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let doomed = Doomed::start(arena).await?;
    let client = doomed.connect(arena).await?;
    same("the echo", client.echo("before".into()).await?.as_str(), "before")?;
    let at = doomed.crash().await?;
    away(client.client()).await?;
    let _stage = again(arena, at).await?;
    back(client.client()).await?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn a_subscription_goes_on_and_counts_the_gap(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let mut stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<Noted>().await?;
    let mut notices = client.subscribe::<Noted>().await?;
    stage.server.broadcast(note(0)).await?;
    let first = there("an event", events.next().await)?;
    same("the first event", (first.number, first.follows_gap()), (0, false))?;
    for number in 1..=2 {
        stage.server.stop().await?;
        away(client.client()).await?;
        stage = stage.reopen().await?;
        back(client.client()).await?;
        stage.server.broadcast(note(number)).await?;
        let event = there("an event", events.next().await)?;
        same("the event", (event.number, event.follows_gap()), (number, true))?;
        same("the gaps", events.gaps(), u64::from(number))?;
        stage.server.broadcast(note(number + 10)).await?;
        let event = there("an event", events.next().await)?;
        same("the one after it", (event.number, event.follows_gap()), (number + 10, false))?;
    }
    // The order of events and gaps, as it happened.
    let mut told = Vec::new();
    for _ in 0..7 {
        told.push(match there("a notice", notices.next_notice().await)? {
            Notice::Event(event) => Some(event.number),
            Notice::Gap => None,
        });
    }
    same("the notices", told, [Some(0), None, Some(1), Some(11), None, Some(2), Some(12)])?;
    same("the end", events.end_reason(), None)
}

async fn what_was_unsubscribed_stays_unsubscribed(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let before = client.subscribe::<Noted>().await?;
    let meanwhile = client.subscribe::<Noted>().await?;
    let mut staying = client.subscribe::<Noted>().await?;
    drop(before);
    stage.server.stop().await?;
    away(client.client()).await?;
    drop(meanwhile);
    // The server has room for the one that is left, and for no other.
    let server = serving(arena, &stage.log).limits(|limits| limits.subscriptions = 1);
    let server = server.bind(&stage.at).start().await?;
    back(client.client()).await?;
    server.broadcast(note(1)).await?;
    same("the event", there("an event", staying.next().await)?.number, 1)?;
    let told = client.subscribe::<Noted>().await;
    refused(FaultKind::RateLimitExceeded, told).map(drop)
}

async fn a_call_under_way_at_a_crash_fails_and_may_have_run(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let doomed = Doomed::start(arena).await?;
    let client = doomed.connect(arena).await?;
    let held = hold(&client, 1);
    doomed.log.until(|counts| counts.begun == 1).await;
    let at = doomed.crash().await?;
    let told = fault(FaultKind::Unavailable, held.await?)?;
    holds("it may be sent again", told.is_retryable())?;
    holds("its handler may have run", told.may_have_run())?;
    away(client.client()).await?;
    let stage = again(arena, at).await?;
    back(client.client()).await?;
    client.nothing().await?;
    same("handlers that have begun again", stage.log.now().begun, 0)
}

async fn an_idempotent_call_under_way_at_a_crash_is_carried_out(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let doomed = Doomed::start(arena).await?;
    let client = doomed.connect(arena).await?;
    let caller = client.clone();
    let held = spawn(async move { caller.hold_idempotent(1).await });
    doomed.log.until(|counts| counts.begun == 1).await;
    let at = doomed.crash().await?;
    let stage = again(arena, at).await?;
    stage.log.until(|counts| counts.begun == 1).await;
    stage.log.release(1);
    same("the answer", held.await?, Ok(1))?;
    same("how often it was sent again", stage.log.now().begun, 1)
}

async fn an_idempotent_call_waits_for_the_next_connection(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    stage.server.stop().await?;
    away(client.client()).await?;
    let mut held = Box::pin(client.hold_idempotent(1));
    holds("it waits", futures_util::poll!(&mut held).is_pending())?;
    let stage = stage.reopen().await?;
    stage.log.release(1);
    same("the answer", held.await?, 1)
}

async fn an_idempotent_call_is_not_repeated_for_what_its_server_says(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let (code, message) = ("UNAVAILABLE".to_owned(), "come back later".to_owned());
    let refusal = Refusal { code, message, retryable: true, details: None };
    let told = fault(FaultKind::Unavailable, client.refuse_again(refusal).await)?;
    same("the message", told.message(), "come back later")?;
    same("how often it was sent", stage.log.now().refused, 1)
}

async fn an_idempotent_call_waits_no_longer_than_it_may(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    stage.server.stop().await?;
    away(client.client()).await?;
    let call = client.hold_idempotent(1).timeout(Duration::from_millis(60));
    let told = fault(FaultKind::Timeout, call.await)?;
    holds("it is not retryable", !told.is_retryable())
}

async fn a_stream_under_way_at_a_crash_ends_with_the_reason(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let doomed = Doomed::start(arena).await?;
    let client = doomed.connect(arena).await?;
    let mut items = client.count_to(3, Then::Hang);
    same("the item", items.next().await, Some(Ok(0)))?;
    doomed.log.until(|counts| counts.made == 3).await;
    client.nothing().await?;
    doomed.crash().await?;
    // What had arrived is still read.
    same("the item", items.next().await, Some(Ok(1)))?;
    same("the item", items.next().await, Some(Ok(2)))?;
    let told = fault(FaultKind::Unavailable, there("an item", items.next().await)?)?;
    holds("its handler has run in part", told.may_have_run())?;
    same("what comes after it", items.next().await, None)
}

async fn a_server_can_call_its_client_again(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.serve(screen::serve(Screen))).await?;
    same("the answer", client.ask_back(Question::Agreeable).await?, ["yes, stage"])?;
    stage.server.stop().await?;
    away(client.client()).await?;
    let _stage = stage.reopen().await?;
    back(client.client()).await?;
    same("the answer", client.ask_back(Question::Agreeable).await?, ["yes, stage"])
}

async fn a_client_that_does_not_reconnect_is_over(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let doomed = Doomed::start(arena).await?;
    let client = connecting(arena).reconnect(Reconnect::never());
    let client: probe::Client = client.connect(arena.dial(&doomed.at)).await?.typed()?;
    let mut events = client.subscribe::<Noted>().await?;
    let caller = client.clone();
    let held = spawn(async move { caller.hold_idempotent(1).await });
    doomed.log.until(|counts| counts.begun == 1).await;
    doomed.crash().await?;
    fault(FaultKind::Unavailable, held.await?)?;
    let over = ClientStatus::Disconnected(EndReason::ConnectionLost);
    client.client().watch_status().wait_for(|status| *status == over).await?;
    holds("there is no event", events.next().await.is_none())?;
    same("the end", events.end_reason(), Some(EndReason::ConnectionLost))
}

async fn a_server_that_serves_something_else_now_is_refused(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect_with(|client| client.speaks::<probe::Client>()).await?;
    let mut events = client.subscribe::<Noted>().await?;
    let mut status = client.client().watch_status();
    stage.server.stop().await?;
    let other = arena.server().serve(other_probe::serve(Other)).serve(annex::serve(Annex));
    let _other = other.bind(&stage.at).start().await?;
    let refused = ClientStatus::Refused(FaultKind::ContractMismatch);
    status.wait_for(|status| *status == refused).await?;
    fault(FaultKind::ContractMismatch, client.echo("hello".into()).await)?;
    holds("there is no event any more", events.next().await.is_none())
}

async fn a_client_may_be_there_before_its_server(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, "within a process there is nothing to wait for")?;
    let stage = Stage::open(arena).await?;
    stage.server.stop().await?;
    let client = connecting(arena).connect_lazily(stage.dial())?;
    same("the status", client.status(), ClientStatus::Connecting)?;
    let client = probe::Client::from(client);
    fault(FaultKind::Unavailable, client.echo("too early".into()).await)?;
    let mut held = Box::pin(client.hold_idempotent(1));
    holds("it waits", futures_util::poll!(&mut held).is_pending())?;
    let stage = stage.reopen().await?;
    stage.log.release(1);
    same("the answer", held.await?, 1)?;
    // Calls go through before the status says so, never the other way round.
    back(client.client()).await
}

async fn the_status_tells_every_step(arena: &dyn Arena) -> Outcome {
    owed(arena.traits().reconnects, NEVER_LOST)?;
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut changes = client.client().status_changes();
    let mut next = async || there("a status", changes.next().await);
    same("the status", next().await?, ClientStatus::Connected)?;
    stage.server.stop().await?;
    same("the status", next().await?, ClientStatus::Reconnecting(EndReason::ServerStopped))?;
    let stage = stage.reopen().await?;
    same("the status", next().await?, ClientStatus::Connected)?;
    client.client().disconnect().await;
    let left = ClientStatus::Disconnected(EndReason::ClientDisconnected);
    same("the status", next().await?, left)?;
    drop(stage);
    Ok(())
}
