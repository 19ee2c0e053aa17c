//! The services behind the contracts, and what a case sees of their handlers.

use std::{collections::BTreeSet, io, panic::resume_unwind, sync::Arc};

use futures_util::{StreamExt, stream};
use mb_core::{Context, Failure, Fault, FaultKind, Reply, WireError};
use serde_json::Value;
use tokio::sync::watch;

use super::contract::{
    annex, newer_probe, newer_screen, other_probe,
    probe::{
        self, Around, Color, Everything, Failing, Noted, ProbeError, Question, Refusal, Shape, Then,
    },
    screen::{self, ScreenError},
};
use crate::Stream;

/// What no caller may ever read.
pub(super) const SECRET: &str = "password 'swordfish' refused by 10.0.0.7";

/// What the handlers of one server have done.
#[derive(Debug, Default, Clone)]
pub(super) struct Counts {
    /// Handlers that hold, and streams, that have begun.
    pub(super) begun: usize,
    /// Those that came to their end.
    pub(super) finished: usize,
    /// Those that were dropped, at their end or before.
    pub(super) dropped: usize,
    /// Items that `count_to` has made.
    pub(super) made: u32,
    /// Requests to fail that have come.
    pub(super) refused: usize,
    /// Events that clients have emitted: `number text by source`.
    pub(super) noted: Vec<String>,
}

/// What a case sees of the handlers, and how it lets them go on.
#[derive(Debug, Default)]
pub(super) struct Log {
    counts: watch::Sender<Counts>,
    released: watch::Sender<BTreeSet<u32>>,
}

impl Log {
    /// What has been done by now.
    pub(super) fn now(&self) -> Counts {
        self.counts.borrow().clone()
    }

    /// Waits until enough has been done.
    pub(super) async fn until(&self, enough: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.counts.subscribe();
        // The sender is part of `self`: the wait ends only when there is enough.
        counts.wait_for(enough).await.map(|counts| counts.clone()).unwrap_or_default()
    }

    /// Lets whoever holds this ticket go on, now or later.
    pub(super) fn release(&self, ticket: u32) {
        self.released.send_modify(|released| _ = released.insert(ticket));
    }

    /// Notes something that has been done.
    pub(super) fn note(&self, change: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(change);
    }

    /// A handler that begins now.
    fn begin(self: &Arc<Self>) -> Running {
        self.note(|counts| counts.begun += 1);
        Running(Arc::clone(self))
    }

    async fn hold(self: &Arc<Self>, ticket: u32) -> u32 {
        let running = self.begin();
        // As in `until`.
        let _ = self.released.subscribe().wait_for(|released| released.contains(&ticket)).await;
        running.finish();
        ticket
    }
}

/// A handler at work.
struct Running(Arc<Log>);

impl Running {
    fn finish(&self) {
        self.0.note(|counts| counts.finished += 1);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.note(|counts| counts.dropped += 1);
    }
}

/// Serves `probe`.
#[derive(Debug, Clone)]
pub(super) struct Probe(pub(super) Arc<Log>);

impl Probe {
    fn refusal(&self, refusal: Refusal) -> Fault {
        self.0.note(|counts| counts.refused += 1);
        let Refusal { code, message, retryable, details } = refusal;
        let fault = match FaultKind::CODED.iter().copied().find(|kind| kind.code() == code) {
            Some(kind) => Fault::new(kind, message),
            None => {
                let (status, retryable) = (Some(451), Some(retryable));
                Fault::from_wire(WireError { code, message, details: None, status, retryable })
            }
        };
        let fault = fault.with_retryable(retryable);
        match details {
            Some(details) => fault.with_details(details),
            None => fault,
        }
    }
}

impl probe::Service for Probe {
    async fn echo(&self, _: &Context, text: String) -> Reply<String> {
        Ok(text)
    }

    async fn reflect(&self, _: &Context, value: Everything) -> Reply<Everything> {
        Ok(value)
    }

    async fn nothing(&self, _: &Context) -> Reply<()> {
        Ok(())
    }

    async fn fail(&self, _: &Context, how: Failing) -> Reply<(), ProbeError> {
        Err(match how {
            Failing::NotFound => {
                ProbeError::NotFound { name: "ä/b".into(), count: u64::MAX }.into()
            }
            Failing::WrongColor => {
                let shapes = vec![Shape::Nothing, Shape::Circle { radius: 0.5 }];
                ProbeError::WrongColor { color: Color::DarkBlue, shapes }.into()
            }
            Failing::Closed => ProbeError::Closed.into(),
            Failing::Internal => Fault::internal(io::Error::other(SECRET)).into(),
            // A panic without a word on the terminal: it is no mistake of ours.
            Failing::Panic => resume_unwind(Box::new(SECRET)),
            Failing::Sourced => Fault::unavailable("come back later").with_source(SECRET).into(),
            // A declared error of somebody else's contract, passed on without a thought.
            Failing::Foreign => Failure::Declared(ScreenError::Declined { reason: SECRET.into() })
                .into_fault()
                .into(),
        })
    }

    async fn refuse(&self, _: &Context, refusal: Refusal) -> Reply<()> {
        Err(self.refusal(refusal).into())
    }

    async fn refuse_again(&self, _: &Context, refusal: Refusal) -> Reply<()> {
        Err(self.refusal(refusal).into())
    }

    async fn look_around(&self, cx: &Context) -> Reply<Around> {
        let caller = cx.caller();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        Ok(Around {
            source: cx.source().map(str::to_owned),
            kind: caller.map(|caller| caller.kind().to_owned()),
            capabilities: caller.map(|caller| caller.capabilities().to_vec()).unwrap_or_default(),
            region: text(caller.and_then(|caller| caller.metadata("region"))),
            color: text(cx.metadata("color")),
            id: cx.id().to_owned(),
            trace_id: cx.trace_id().to_owned(),
            token: cx.token().map(str::to_owned),
            actor: cx.actor().map(|actor| actor.id.clone()),
            target: cx.target().map(str::to_owned),
            remaining_ms: cx.remaining().map(|left| left.as_millis().try_into().unwrap_or(0)),
        })
    }

    async fn hold(&self, _: &Context, ticket: u32) -> Reply<u32> {
        Ok(self.0.hold(ticket).await)
    }

    async fn hold_detached(&self, _: &Context, ticket: u32) -> Reply<u32> {
        Ok(self.0.hold(ticket).await)
    }

    async fn hold_idempotent(&self, _: &Context, ticket: u32) -> Reply<u32> {
        Ok(self.0.hold(ticket).await)
    }

    async fn weigh(&self, _: &Context, bytes: u32) -> Reply<String> {
        Ok(weighing(bytes))
    }

    async fn announce(&self, cx: &Context, number: u32, text: String) -> Reply<()> {
        cx.broadcast(Noted { number, text }).await?;
        Ok(())
    }

    async fn whisper(&self, cx: &Context, client_id: String, text: String) -> Reply<()> {
        cx.send_to(&client_id, Noted { number: 0, text }).await?;
        Ok(())
    }

    async fn ask_back(&self, cx: &Context, question: Question) -> Reply<Vec<String>> {
        let caller = cx.require_caller()?;
        let asked = |question: &str| question.to_owned();
        Ok(match question {
            Question::Agreeable | Question::Disagreeable => {
                let screen: screen::Client = caller.client()?;
                let text = match question {
                    Question::Agreeable => asked("nice?"),
                    _ => asked("nasty?"),
                };
                match screen.confirm(text).await {
                    Ok(answer) => vec![answer],
                    Err(failure) => vec![failure.code().to_owned(), failure.to_string()],
                }
            }
            Question::Strokes => {
                let screen: screen::Client = caller.client()?;
                let strokes = screen.strokes(100).map(|stroke| match stroke {
                    Ok(stroke) => stroke.to_string(),
                    Err(failure) => failure.to_string(),
                });
                strokes.collect().await
            }
            Question::Newer => {
                let screen: newer_screen::Client = caller.client()?;
                match screen.blink().await {
                    Ok(()) => vec![asked("it blinked")],
                    Err(failure) => vec![failure.code().to_owned()],
                }
            }
        })
    }

    fn count_to(
        &self,
        _: &Context,
        limit: u32,
        then: Then,
    ) -> impl Stream<Item = Reply<u32, ProbeError>> + Send {
        let log = &self.0;
        let running = log.begin();
        let numbers = stream::iter(0..limit).map(move |number| {
            log.note(|counts| counts.made += 1);
            Ok(number)
        });
        let last = stream::once(async move {
            match then {
                Then::End => None,
                Then::Fail => Some(Err(ProbeError::Closed.into())),
                Then::Refuse => Some(Err(Fault::new(FaultKind::Forbidden, "so far").into())),
                Then::Panic => resume_unwind(Box::new(SECRET)),
                Then::Hang => std::future::pending().await,
            }
        });
        numbers.chain(last.filter_map(std::future::ready)).inspect(move |_| {
            // Dropped with the stream.
            let _ = &running;
        })
    }

    fn weigh_each(&self, _: &Context, bytes: Vec<u32>) -> impl Stream<Item = Reply<String>> + Send {
        stream::iter(bytes).map(|bytes| Ok(weighing(bytes)))
    }
}

/// So many bytes of text.
pub(super) fn weighing(bytes: u32) -> String {
    "x".repeat(usize::try_from(bytes).unwrap_or(0))
}

/// Serves `annex`.
#[derive(Debug)]
pub(super) struct Annex;

impl annex::Service for Annex {
    async fn echo(&self, _: &Context, number: u32) -> Reply<u32> {
        Ok(number + 1)
    }
}

/// Serves `screen`, on a client.
#[derive(Debug)]
pub(super) struct Screen;

impl screen::Service for Screen {
    async fn confirm(&self, cx: &Context, question: String) -> Reply<String, ScreenError> {
        match question.as_str() {
            "nice?" => Ok(format!("yes, {}", cx.source().unwrap_or("-"))),
            _ => Err(ScreenError::Declined { reason: question })?,
        }
    }

    fn strokes(
        &self,
        _: &Context,
        limit: u32,
    ) -> impl Stream<Item = Reply<u32, ScreenError>> + Send {
        let declined = ScreenError::Declined { reason: "enough".into() };
        let last = stream::iter([Err(declined.into())]);
        stream::iter(0..limit).map(Ok).chain(last)
    }
}

/// Serves the newer `probe`.
#[derive(Debug)]
pub(super) struct Newer;

impl newer_probe::Service for Newer {
    async fn fail(&self, _: &Context) -> Reply<(), newer_probe::ProbeError> {
        Err(newer_probe::ProbeError::IsTeapot { name: "pot".into(), spouts: 2 })?
    }
}

/// Serves another major version of `probe`.
#[derive(Debug)]
pub(super) struct Other;

impl other_probe::Service for Other {}
