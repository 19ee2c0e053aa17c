//! What calls and streams share: the options given before the start, the start, and the time limit.

use std::{future::Future, pin::Pin, task, task::Poll, time::Duration};

use mb_core::{Context, Fault, Link, Message, Name};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

use super::Client;

/// How long a call may take where a network lies between, unless it or its client says otherwise.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A limit where calls are timed anyway: a network lies between.
pub(super) fn default_timeout(link: &dyn Link) -> Option<Duration> {
    link.keeps_deadlines().then_some(REQUEST_TIMEOUT)
}

/// A request on its way out, and what ends it if it takes too long.
pub(super) struct Outgoing<'a> {
    client: &'a Client,
    /// Until it is sent.
    message: Option<Message>,
    /// Whether the message has the context it is to be sent with.
    in_context: bool,
    timeout: Option<Duration>,
    late: Option<Box<Late>>,
}

struct Late {
    timer: Pin<Box<Sleep>>,
    name: Name,
}

impl<'a> Outgoing<'a> {
    #[inline]
    pub(super) fn new(client: &'a Client, message: Message) -> Self {
        Self { client, message: Some(message), in_context: false, timeout: None, late: None }
    }

    /// Nothing to be sent.
    pub(super) fn nothing(client: &'a Client) -> Self {
        Self { client, message: None, in_context: true, timeout: None, late: None }
    }

    pub(super) fn client(&self) -> &'a Client {
        self.client
    }

    pub(super) fn set_timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
    }

    /// Applies the limit that the contract says, or else the client's own, where the call has none.
    #[inline]
    pub(super) fn use_default_timeout(&mut self) {
        let declared = match self.message.as_ref().map(Message::name) {
            Some(Name::Request(request)) => request.timeout,
            _ => None,
        };
        self.timeout = self.timeout.or(declared).or(self.client.0.timeout);
    }

    pub(super) fn set_context(&mut self, context: Context) {
        if let Some(message) = &mut self.message {
            message.set_context(context.outgoing());
        }
        self.in_context = true;
    }

    pub(super) fn is_sent(&self) -> bool {
        self.message.is_none()
    }

    /// Sends the request, with its context and its deadline, unless that has been done.
    #[inline]
    pub(super) fn send<T>(
        &mut self,
        send: impl FnOnce(&dyn Link, Message) -> T,
    ) -> Result<Option<T>, Fault> {
        let Some(message) = &mut self.message else { return Ok(None) };
        let around = if self.in_context {
            // A context made for the call does not lift the deadline of the message being handled.
            Context::current_deadline()
        } else {
            if let Some(context) = Context::inherited() {
                message.set_context(context);
            }
            None
        };
        let deadline = [message.context().deadline(), around].into_iter().flatten().min();
        if self.timeout.is_some() || deadline.is_some() {
            let link = &*self.client.0.link;
            self.late = limit(message, self.timeout, deadline, link)
                .inspect_err(|_| self.message = None)?;
        }
        Ok(self.message.take().map(|message| send(&*self.client.0.link, message)))
    }

    /// Whether the time is over, for those who are never pending.
    pub(super) fn is_late(&self) -> Option<Fault> {
        let late = self.late.as_ref()?;
        (late.timer.deadline() <= Instant::now()).then(|| Fault::late(&late.name))
    }

    /// Ready when the time is over.
    pub(super) fn poll_late(&mut self, cx: &mut task::Context<'_>) -> Poll<Fault> {
        match &mut self.late {
            Some(late) => late.timer.as_mut().poll(cx).map(|()| Fault::late(&late.name)),
            None => Poll::Pending,
        }
    }
}

/// Sets the earlier of two ends, and a timer for it where the link does not keep time itself.
#[inline(never)]
fn limit(
    message: &mut Message,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    link: &dyn Link,
) -> Result<Option<Box<Late>>, Fault> {
    let now = Instant::now();
    let timeout = timeout.and_then(|timeout| now.checked_add(timeout));
    let Some(deadline) = [timeout, deadline].into_iter().flatten().min() else {
        return Ok(None);
    };
    if deadline <= now {
        return Err(Fault::late(message.name()));
    }
    let context = message.take_context().with_deadline(deadline);
    message.set_context(context);
    if link.keeps_deadlines() {
        return Ok(None);
    }
    if Handle::try_current().is_err() {
        return Err(Fault::no_runtime("a call with a deadline"));
    }
    let name = message.name().clone();
    Ok(Some(Box::new(Late { timer: Box::pin(sleep_until(deadline)), name })))
}
