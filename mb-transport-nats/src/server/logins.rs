//! Who a client is to this server. One of them answers a login; the others hear of it from the client,
//! as it joins, and log it in likewise. Which login that was is a number: of two, the later counts, and
//! with every sign of life a server finds out whether it has missed one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_nats::Subject;
use mb_core::{Body, Calling, Codec, Context, Failure, Fault, FaultKind, Message, Name, WireError};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{task::AbortHandle, time::timeout};

use super::station::{Entry, Station};
use crate::{
    join::{Joined, LastLogin},
    reply::Reply,
    served::send,
};

/// How long an authenticator may take. Less than the time for which a client waits to be let in.
const PATIENCE: Duration = Duration::from_secs(4);

/// Which of a client's logins a server knows.
#[derive(Default)]
pub(crate) struct Logins(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The last that was begun with.
    begun: Option<u64>,
    /// The last that is done with. `None` where it is not known who the client is: before the first,
    /// and where nobody could be asked.
    done: Option<u64>,
    work: Option<AbortHandle>,
}

/// What is to be done about a client's word of its last login.
enum Step {
    /// This one is done with already.
    Nothing(u64),
    /// It is answered when that is done.
    Wait,
    /// Whether nothing has been begun with before.
    Begin(bool),
}

impl Logins {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is known who the client is, if anybody.
    pub(crate) fn is_settled(&self) -> bool {
        self.lock().done.is_some()
    }

    /// Whether that is known, and no login is under way that the client has told of.
    pub(crate) fn is_at_rest(&self) -> bool {
        let known = self.lock();
        known.done.is_some() && known.done == known.begun
    }

    /// Whether this login is done with.
    pub(crate) fn knows(&self, number: u64) -> bool {
        self.lock().done >= Some(number)
    }

    /// The client asks this very server. Without a number, it is nobody of ours.
    ///
    /// # Errors
    /// `UNAVAILABLE` where a later one has overtaken it.
    pub(crate) fn asked(&self, number: Option<u64>) -> Result<(), Fault> {
        let mut known = self.lock();
        if number.is_some() && number < known.begun {
            let reason = "the client has logged in or out again since";
            return Err(Fault::unavailable(reason));
        }
        known.begun = number.max(known.begun);
        known.done = number.max(known.done);
        Ok(())
    }

    fn heard(&self, number: u64) -> Step {
        let mut known = self.lock();
        if let Some(done) = known.done.filter(|done| *done >= number) {
            return Step::Nothing(done);
        }
        if known.begun >= Some(number) {
            return Step::Wait;
        }
        Step::Begin(known.begun.replace(number).is_none())
    }

    /// There is at most one under way: the one before it is overtaken.
    fn at_work(&self, number: u64, task: AbortHandle) {
        let mut known = self.lock();
        if known.begun != Some(number) {
            return task.abort();
        }
        if let Some(before) = known.work.replace(task) {
            before.abort();
        }
    }

    /// One is done with, or is to be begun with again when the client next tells of it.
    fn done(&self, number: u64, for_good: bool) {
        let mut known = self.lock();
        if known.begun == Some(number) {
            known.done = for_good.then_some(number);
            known.begun = if for_good { Some(number) } else { number.checked_sub(1) };
        }
    }
}

impl Station {
    /// Makes a client who it says it was logged in as last, then says that it is in.
    pub(super) async fn follow(
        self: &Arc<Self>,
        entry: Arc<Entry>,
        login: LastLogin,
        reply: Subject,
    ) {
        let LastLogin { number, credentials, given_up } = login;
        let is_new = match entry.logins.heard(number) {
            Step::Nothing(done) => {
                return send(&self.nats, reply, said(&entry, done, None)).await;
            }
            Step::Wait => return,
            Step::Begin(is_new) => is_new,
        };
        let is_logout = credentials.is_none();
        let request = match credentials {
            Some(credentials) => log_in(credentials),
            None if is_new => {
                entry.logins.done(number, true);
                self.settled.send_replace(());
                return send(&self.nats, reply, said(&entry, number, None)).await;
            }
            // With nothing to log in with: nobody, of whom no authenticator hears.
            None if given_up => log_in(json!({})),
            None => system("$logout", json!({})),
        };
        if is_new {
            // The client has somewhere to go, should every other server leave meanwhile.
            send(&self.nats, reply.clone(), said(&entry, 0, None)).await;
        }
        // Begun here and now: of two logins, the later is the last.
        let logging_in = entry.served.link.call(request);
        let (station, whose) = (Arc::clone(self), Arc::clone(&entry));
        let task = self.tracker.spawn(async move {
            let done = timeout(PATIENCE, accepted(logging_in)).await.unwrap_or_else(|_| {
                Err(Fault::unavailable("a server's authenticator did not answer in time"))
            });
            let refused = done.err().filter(|_| !given_up);
            let again = !is_logout && refused.as_ref().is_some_and(Fault::is_retryable);
            whose.logins.done(number, !again);
            station.settled.send_replace(());
            if let Some(fault) = &refused {
                tracing::debug!(%fault, "a client is logged in elsewhere, and not here");
            }
            send(&station.nats, reply, said(&whose, number, refused.map(|fault| fault.to_wire())))
                .await;
        });
        entry.logins.at_work(number, task.abort_handle());
    }
}

fn said(entry: &Entry, login: u64, refused: Option<WireError>) -> Reply {
    let joined = Joined { login, refused, ..entry.joined.clone() };
    let payload = serde_json::to_vec(&joined).unwrap_or_default().into();
    Reply { headers: None, payload }
}

/// Whoever was logged in before is not any more, whatever comes of it.
fn log_in(mut credentials: Value) -> Message {
    if let Value::Object(said) = &mut credentials {
        said.insert("orNobody".to_owned(), true.into());
    }
    system("$login", credentials)
}

/// A request of the system's own.
pub(super) fn system(name: &'static str, payload: Value) -> Message {
    Message::new(Name::text(name), Context::new(), Body::new(payload))
}

/// As a server answers a login or a logout.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Word {
    success: bool,
    /// Unix milliseconds.
    expires_at: Option<u64>,
    error: Option<WireError>,
}

/// Waits for what becomes of a login, and says when it ends by itself.
///
/// # Errors
/// Why it was refused.
pub(super) async fn accepted(login: Calling) -> Result<Option<SystemTime>, Fault> {
    let answer = login.await.map_err(|failure| match failure {
        Failure::Fault(fault) => fault,
        Failure::Declared(error) => Fault::from_wire(error.to_wire()),
    })?;
    let Word { success, expires_at, error } = read(&answer)?;
    if !success {
        let unsaid = || Fault::new(FaultKind::AuthenticationRequired, "the login is not accepted");
        return Err(error.map_or_else(unsaid, Fault::from_wire));
    }
    let after = expires_at.map(Duration::from_millis);
    Ok(after.and_then(|after| SystemTime::UNIX_EPOCH.checked_add(after)))
}

/// A typed answer is read by way of JSON.
fn read(answer: &Body) -> Result<Word, Fault> {
    let strange = |error: String| Fault::new(FaultKind::Internal, error);
    let written = answer.encode(&Codec::JSON).map_err(|error| strange(error.to_string()))?;
    serde_json::from_slice(&written.bytes).map_err(|error| strange(error.to_string()))
}
