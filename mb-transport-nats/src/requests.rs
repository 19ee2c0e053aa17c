//! Requests over a connection, whichever side makes them: written once, sent to whoever takes them,
//! and answered once or by a stream with credits.

mod streamed;

use std::{sync::Arc, time::Duration};

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use mb_core::{Answer, Body, Codec, EndReason, Fault, FaultKind, Message, Name};
use tokio::time::{Instant, sleep_until, timeout_at};

pub(crate) use streamed::stream;

use crate::{
    connect::SEE,
    headers::{self, Headers},
    outbound::{Outbound, Sending, Silence, over},
    pen,
    reply::{Read, put_codec, read, too_large},
};

/// How often a request is sent again to servers that do not know the client yet.
const INTRODUCTIONS: usize = 8;

/// How long an idempotent request waits for somebody to take it, before it is sent again.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// Where a request goes, and, where the subject does not tell it, which it is.
pub(crate) struct Route {
    pub(crate) subject: Subject,
    pub(crate) name: Option<String>,
}

/// One side of a connection, as far as requests need it.
pub(crate) trait Courier: Send + Sync + 'static {
    fn out(&self) -> &Arc<Outbound>;

    /// What it writes in.
    fn codec(&self) -> &Codec;

    /// The largest payload that may be sent, in bytes.
    fn limit(&self) -> usize;

    /// The way to whoever serves a request.
    fn route(&self, name: &Name) -> Result<Route, Fault>;

    /// Where credits for a stream go that comes from this server.
    fn credit(&self, server: Option<&str>) -> Option<Subject>;

    /// Introduces itself to a server that does not know it. Says whether that has answered, and not left.
    fn introduce(&self, server: String) -> BoxFuture<'_, Result<bool, Fault>>;

    /// What a caller is told whom a server does not know, however often it was introduced.
    fn stays_unknown(&self, server: &str) -> Fault;
}

/// A request as it goes out, for as often as it does.
struct Outgoing {
    route: Route,
    name: Name,
    deadline: Option<Instant>,
    headers: Option<HeaderMap>,
    payload: Bytes,
    /// The time left, in milliseconds, where that is all there is to say.
    left: Option<u64>,
    wants: Option<Arc<[String]>>,
    /// Carrying it out twice does no more than once.
    idempotent: bool,
}

/// A request for one server in particular.
pub(crate) struct Aside {
    pub(crate) whom: Subject,
    pub(crate) what: What,
}

/// What there is to say, or to be done, beside it.
pub(crate) enum What {
    /// Events that are wanted from the moment on at which the answer comes.
    Wants(Arc<[String]>),
    /// Which of the logins and logouts of the connection this is.
    Login(u64),
}

impl Outgoing {
    fn new(courier: &impl Courier, request: Message, credit: Option<u64>) -> Result<Self, Fault> {
        if let Some(reason) = courier.out().pending.closed() {
            return Err(over(reason));
        }
        let (name, context, body) = request.into_parts();
        let route = courier.route(&name)?;
        let mut headers = Headers::default();
        let left = headers.put_context_or_time(&context);
        put_codec(&mut headers, courier.codec());
        if let Some(credit) = credit {
            headers.put_number(headers::CREDIT, credit);
        }
        if let Some(name) = &route.name {
            headers.put(headers::NAME, name);
        }
        let payload = written(courier, &name, &body)?;
        let deadline = context.deadline();
        let idempotent = matches!(&name, Name::Request(declared) if declared.idempotent);
        let headers = headers.into_map();
        Ok(Self { route, name, deadline, headers, payload, left, wants: None, idempotent })
    }

    /// Waits before the next attempt, unless there is no time for one.
    async fn wait(&self, pause: Duration) -> Result<(), Fault> {
        let next = Instant::now() + pause;
        match self.deadline {
            Some(deadline) if deadline <= next => {
                sleep_until(deadline).await;
                Err(silent(Silence::Late, &self.name))
            }
            _ => {
                sleep_until(next).await;
                Ok(())
            }
        }
    }

    /// Does something first, for as long as there is time.
    async fn in_time<T>(&self, first: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        match self.deadline {
            None => first.await,
            Some(deadline) => timeout_at(deadline, first)
                .await
                .unwrap_or_else(|_| Err(silent(Silence::Late, &self.name))),
        }
    }

    fn sending(&self) -> Sending {
        Sending {
            subject: self.route.subject.clone(),
            headers: self.headers.clone(),
            payload: self.payload.clone(),
            deadline: self.deadline,
            left: self.left,
            wants: self.wants.clone(),
        }
    }
}

/// A body in a side's codec, if it is not too large to be sent.
pub(crate) fn written(courier: &impl Courier, name: &Name, body: &Body) -> Result<Bytes, Fault> {
    let bytes = pen::payload(body, courier.codec())
        .map_err(|error| Fault::new(FaultKind::ValidationFailed, format!("{name} {error}")))?;
    let limit = courier.limit();
    if bytes.len() > limit {
        return Err(too_large(name.as_str(), bytes.len(), limit));
    }
    Ok(bytes)
}

/// Makes a request that is answered once; aside of whoever the route leads to, where that is said.
///
/// It is sent again where that is safe: to a server that did not know the client, or, if it is
/// idempotent, when whoever was at work on it is gone, or nobody is there to take it.
pub(crate) async fn call<C: Courier>(
    courier: &Arc<C>,
    request: Message,
    aside: Option<Aside>,
) -> Answer {
    let mut outgoing = Outgoing::new(&**courier, request, None)?;
    if let Some(Aside { whom, what }) = aside {
        outgoing.route.subject = whom;
        match what {
            What::Wants(wants) => outgoing.wants = Some(wants),
            What::Login(number) => {
                let mut headers = Headers::from_map(outgoing.headers.take());
                headers.put_number(headers::LOGIN, number);
                outgoing.headers = headers.into_map();
            }
        }
    }
    let _place = courier.out().place(outgoing.deadline).await?;
    let (mut introduced, mut pause) = (0, SHORTEST);
    loop {
        let mut exchange = courier.out().send(outgoing.sending()).await?;
        let message = match exchange.next().await {
            Ok(message) => message,
            Err(Silence::Lost) if outgoing.idempotent => continue,
            Err(silence) => return Err(silent(silence, &outgoing.name).into()),
        };
        exchange.finish();
        match read(message, &courier.out().codecs) {
            Read::Answer(answer) => return answer,
            Read::Unknown(server) if introduced < INTRODUCTIONS => {
                let answered = outgoing.in_time(courier.introduce(server)).await?;
                introduced += usize::from(answered);
            }
            Read::Unknown(server) => return Err(courier.stays_unknown(&server).into()),
            Read::Nobody if outgoing.idempotent => {
                outgoing.wait(pause).await?;
                pause = (pause * 2).min(LONGEST);
            }
            Read::Nobody => return Err(nobody(&outgoing.name).into()),
            Read::End => {
                let reason = format!("{} is answered by a stream, not once", outgoing.name);
                return Err(Fault::new(FaultKind::ContractMismatch, reason).into());
            }
        }
    }
}

/// What a caller is told where no answer comes.
fn silent(silence: Silence, name: &Name) -> Fault {
    match silence {
        Silence::Late => Fault::late(name),
        Silence::Closed(EndReason::ClientDisconnected) => {
            Fault::interrupted("no answer came: the client disconnected").with_retryable(false)
        }
        Silence::Closed(reason) => Fault::interrupted(format!("no answer came: {reason}")),
        Silence::Denied => {
            let reason = format!("the NATS server lets nobody of this user send {name}: {SEE}");
            Fault::new(FaultKind::Forbidden, reason)
        }
        Silence::Lost => Fault::interrupted("no answer came: whoever was at work on it is gone"),
    }
}

fn nobody(name: &Name) -> Fault {
    Fault::unavailable(format!("nobody serves {name} now: is a server of it started?"))
}
