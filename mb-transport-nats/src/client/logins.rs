//! Logging in and out, with every server at once: one is asked, and the others hear what came of it.
//! Each login and logout has a number, which the client tells with every sign of life: a server that
//! has missed one says so, and is told again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use mb_core::{Answer, Body, Codec, Failure, Message};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    joining::{JOINING, ask_all},
    shared::Shared,
};
use crate::{
    join::LastLogin,
    requests::{self, Aside, What},
};

/// How long until the servers are told again that have not answered.
const AGAIN: Duration = Duration::from_secs(1);

impl Shared {
    /// Logs in with one server. What that has accepted, all of them know when this is done.
    pub(super) async fn log_in(self: Arc<Self>, request: Message) -> Answer {
        let (number, credentials) = (self.next_login(), credentials(&request));
        let unanswered = Unanswered(&self, number);
        let answer = self.ask_one(request, number).await;
        if !matches!(&answer, Err(Failure::Fault(fault)) if fault.may_have_run()) {
            unanswered.answered();
        }
        if answer.as_ref().is_ok_and(accepted) && self.note(number, credentials) {
            self.tell_all(number).await;
        }
        answer
    }

    /// Logs out, whatever any server says to that.
    pub(super) async fn log_out(self: Arc<Self>, request: Message) -> Answer {
        let number = self.next_login();
        if !self.note(number, None) {
            return self.ask_one(request, number).await;
        }
        let (answer, ()) =
            futures_util::join!(self.ask_one(request, number), self.tell_all(number));
        answer
    }

    fn next_login(&self) -> u64 {
        self.logins.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn ask_one(self: &Arc<Self>, request: Message, number: u64) -> Answer {
        let aside = Aside { whom: self.home(None)?, what: What::Login(number) };
        requests::call(self, request, Some(aside)).await
    }

    /// Notes what every server is to know. A later login or logout may have been quicker.
    fn note(&self, number: u64, credentials: Option<Value>) -> bool {
        let mut join = self.join();
        let is_last = join.login.number < number;
        if is_last {
            join.login = LastLogin { number, credentials, given_up: false };
        }
        is_last
    }

    /// Says to every server what has come of the last login, and waits until they know: the next call
    /// may go to any of them.
    async fn tell_all(&self, number: u64) {
        let mut changes = self.roster.subscribe();
        let telling = async {
            loop {
                ask_all(self);
                let heard = changes.wait_for(|roster| roster.all_heard(number));
                if timeout(AGAIN, heard).await.is_ok() {
                    return;
                }
            }
        };
        if timeout(JOINING, telling).await.is_err() {
            tracing::warn!(
                "not every server has said that it knows of the login or logout: it is told again \
                 with the next sign of life"
            );
        }
    }
}

/// A login of which nobody knows what comes of it: it may count with the server that was asked, and with
/// no other. Dropped, every server takes the client for whom it was before.
struct Unanswered<'a>(&'a Shared, u64);

impl Unanswered<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Self(shared, number) = *self;
        if shared.out.pending.closed().is_some() {
            return;
        }
        let mut join = shared.join();
        // What comes of a later login or logout, all of them are told anyway.
        let next = number + 1;
        let is_last =
            shared.logins.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed);
        if is_last.is_err() {
            return;
        }
        join.login.number = next;
        join.login.given_up = join.login.credentials.is_none();
        drop(join);
        ask_all(shared);
    }
}

/// Whether a login went well: a refusal is an answer, too.
fn accepted(answer: &Body) -> bool {
    let said = answer.share().and_then(|body| body.decode::<Value>().ok());
    said.is_some_and(|said| said.get("success").and_then(Value::as_bool).unwrap_or(false))
}

/// What a client logs in with, as every server is to hear it.
fn credentials(request: &Message) -> Option<Value> {
    let written = request.body().encode(&Codec::JSON).ok()?;
    serde_json::from_slice(&written.bytes).ok()
}
