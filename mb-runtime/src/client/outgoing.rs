//! What calls and streams share: the options given before the start, and the start itself.

use std::{future::Future, pin::Pin, sync::Arc, task, task::Poll, time::Duration};

use mb_core::{Connected, Context, Fault, FaultKind, Message};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

use super::Client;

/// A request that has not been sent yet.
pub(super) struct Outgoing {
    client: Client,
    message: Message,
    context: Option<Context>,
    timeout: Option<Duration>,
}

/// A request that has been sent: what it needs until it is done.
pub(super) struct Sent {
    /// Keeps the connection open.
    _client: Client,
    deadline: Option<Pin<Box<Sleep>>>,
    name: mb_core::Name,
}

impl Outgoing {
    pub(super) fn new(client: Client, message: Message) -> Self {
        Self { client, message, context: None, timeout: None }
    }

    pub(super) fn set_timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
    }

    /// Applies the client's own limit, where the call has none.
    pub(super) fn or_default_timeout(mut self) -> Self {
        self.timeout = self.timeout.or(self.client.0.timeout);
        self
    }

    pub(super) fn set_context(&mut self, context: Context) {
        self.context = Some(context);
    }

    /// Everything up to the link: the connection, the context, the deadline.
    pub(super) fn start(self) -> Result<(Arc<Connected>, Message, Sent), Fault> {
        let connected = self.client.link()?;
        let mut context = match self.context {
            Some(context) => context.outgoing(),
            None => Context::inherited(),
        };
        let limit = self.timeout.and_then(|limit| Instant::now().checked_add(limit));
        let deadline = [limit, context.deadline()].into_iter().flatten().min();
        let name = self.message.name().clone();
        let mut timer = None;
        if let Some(deadline) = deadline {
            if deadline <= Instant::now() {
                return Err(late(&name));
            }
            if Handle::try_current().is_err() {
                return Err(Fault::unavailable("a call with a deadline needs a tokio runtime"));
            }
            context = context.with_deadline(deadline);
            timer = Some(Box::pin(sleep_until(deadline)));
        }
        let sent = Sent { _client: self.client, deadline: timer, name };
        Ok((connected, self.message.with_context(context), sent))
    }
}

impl Sent {
    /// Ready when the time is over.
    pub(super) fn poll_late(&mut self, cx: &mut task::Context<'_>) -> Poll<Fault> {
        match &mut self.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| late(&self.name)),
            None => Poll::Pending,
        }
    }
}

fn late(name: &mb_core::Name) -> Fault {
    Fault::new(FaultKind::Timeout, format!("{name} was not answered in time"))
}
