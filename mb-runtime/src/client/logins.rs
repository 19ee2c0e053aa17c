//! What a client logs in with, on each of its connections, and who it is then.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Answer, Body, Context, Fault, FaultKind, Link, Message};
use serde_json::{Map, Value};
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout_at},
};

use super::outgoing::REQUEST_TIMEOUT;
use crate::{
    login::{Credentials, LoggedIn, wire as login},
    panics::panic_text,
    session::{system_request, understood},
    wire::system,
};

/// What a client logs in with, and who it is.
#[derive(Default)]
pub(super) struct Logins {
    wanted: Mutex<Wanted>,
    held: watch::Sender<Option<Held>>,
}

/// What somebody wants who logs in or out.
#[derive(Default)]
struct Wanted {
    standing: Standing,
    /// Counts logins begun and logouts.
    begun: u64,
    /// Which of these the standing is of. A login that is answered after a later one, or after a
    /// logout, is not what holds.
    as_of: u64,
    /// Which of these was made by whoever provides credentials, last.
    provided: u64,
}

/// What it logs in with on the connections to come.
#[derive(Clone, Default)]
enum Standing {
    #[default]
    Nobody,
    As {
        given: Credentials,
        /// What the server has handed out for the next time: quicker than a password.
        token: Option<String>,
    },
    By(Arc<Hook>),
}

type Hook = dyn Fn() -> BoxFuture<'static, Result<Credentials, Fault>> + Send + Sync;

/// A login, as the server has it.
#[derive(Clone)]
pub(super) struct Held {
    logged_in: LoggedIn,
    since: Instant,
    /// When it ends by itself, if it does.
    ends: Option<Instant>,
}

/// A login is renewed this long before it ends, or when four fifths of its time are over.
const AHEAD: Duration = Duration::from_secs(60);

/// Never sooner than this after the last one.
const PAUSE: Duration = Duration::from_secs(1);

impl Logins {
    pub(super) fn with(credentials: Credentials) -> Self {
        Self::starting(Standing::As { given: credentials, token: None })
    }

    pub(super) fn by<F, Fut>(provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Fault>> + Send + 'static,
    {
        Self::starting(Standing::By(Arc::new(move || Box::pin(provide()))))
    }

    fn starting(standing: Standing) -> Self {
        let wanted = Wanted { standing, ..Wanted::default() };
        Self { wanted: Mutex::new(wanted), ..Self::default() }
    }

    /// Logs in on a new connection, if there is anything to log in with. What a server has handed out
    /// before is tried first where it may be known there. Says as of when it is as somebody wants it.
    pub(super) async fn log_in(&self, link: &dyn Link, by_token: bool) -> Result<u64, Fault> {
        let (standing, as_of) = self.now_wanted();
        self.log_in_as(link, by_token, standing, as_of).await?;
        self.catch_up(link, as_of).await
    }

    /// Does on a connection whatever somebody has wanted since, who may not have reached it.
    pub(super) async fn catch_up(&self, link: &dyn Link, mut as_of: u64) -> Result<u64, Fault> {
        loop {
            let (standing, now) = self.now_wanted();
            if now == as_of {
                return Ok(now);
            }
            match standing {
                Standing::Nobody => tell_logout(link).await?,
                standing => self.log_in_as(link, false, standing, now).await?,
            }
            as_of = now;
        }
    }

    /// Whether nobody has logged in or out since.
    pub(super) fn is_as_of(&self, as_of: u64) -> bool {
        self.wanted().as_of == as_of
    }

    /// Logs in with what was wanted then. A failure counts for nothing where that is over.
    async fn log_in_as(
        &self,
        link: &dyn Link,
        by_token: bool,
        standing: Standing,
        as_of: u64,
    ) -> Result<(), Fault> {
        let logged_in = match standing {
            Standing::Nobody => return Ok(()),
            Standing::By(hook) => {
                let fresh = provided(&*hook).await;
                // Somebody may have logged in otherwise, or out, while they were provided.
                if !self.is_as_of(as_of) {
                    return Ok(());
                }
                let fresh = fresh?;
                {
                    let mut wanted = self.wanted();
                    wanted.provided = wanted.begin();
                }
                send(link, &fresh).await
            }
            Standing::As { given, token } => match token.filter(|_| by_token) {
                None => send(link, &given).await,
                Some(token) => match send(link, &Credentials::Token(token)).await {
                    Err(fault) if is_stale(&fault) => send(link, &given).await,
                    other => other,
                },
            },
        };
        match logged_in {
            Ok(logged_in) => self.note(logged_in, as_of),
            Err(fault) if self.is_as_of(as_of) => return Err(fault),
            Err(_) => {}
        }
        Ok(())
    }

    /// Logs in with these, and on the connections to come too.
    pub(super) async fn log_in_with(
        &self,
        link: &dyn Link,
        given: Credentials,
    ) -> Result<LoggedIn, Fault> {
        loop {
            let own = self.wanted().begin();
            let logged_in = send(link, &given).await?;
            let filled = self.wanted().fill(own, &given);
            match filled {
                Filled::Yes => self.note(logged_in.clone(), own),
                // It may have arrived last all the same.
                Filled::Overtaken => drop(self.catch_up(link, own).await?),
                Filled::Displaced => continue,
            }
            return Ok(logged_in);
        }
    }

    /// Logs out, here and for the connections to come.
    pub(super) async fn log_out(&self, link: &dyn Link) -> Result<(), Fault> {
        {
            let mut wanted = self.wanted();
            wanted.as_of = wanted.begin();
            wanted.standing = Standing::Nobody;
            self.held.send_replace(None);
        }
        tell_logout(link).await
    }

    /// Logs in once more, with fresh credentials. `Ok(false)` where nobody provides any.
    pub(super) async fn renew(&self, link: &dyn Link) -> Result<bool, Fault> {
        let (standing, as_of) = self.now_wanted();
        if !matches!(standing, Standing::By(_)) {
            return Ok(false);
        }
        self.log_in_as(link, false, standing, as_of).await?;
        self.catch_up(link, as_of).await.map(|now| now == as_of)
    }

    /// Who it is logged in as, as far as it knows.
    pub(super) fn now(&self) -> Option<LoggedIn> {
        let held = self.held.borrow();
        let held = held.as_ref()?;
        let is_over = held.ends.is_some_and(|ends| ends <= Instant::now());
        (!is_over).then(|| held.logged_in.clone())
    }

    /// Each login, as it comes.
    pub(super) fn watch(&self) -> watch::Receiver<Option<Held>> {
        self.held.subscribe()
    }

    /// Notes who is logged in, unless something else is wanted by now.
    fn note(&self, logged_in: LoggedIn, as_of: u64) {
        let mut wanted = self.wanted();
        if wanted.as_of != as_of {
            return;
        }
        if let Standing::As { given: Credentials::Password { .. }, token } = &mut wanted.standing {
            token.clone_from(&logged_in.token);
        }
        let since = Instant::now();
        let left = logged_in.expires_at.map(|at| at.duration_since(SystemTime::now()));
        let ends = left.and_then(|left| since.checked_add(left.unwrap_or_default()));
        // Under the lock: nobody logs out in between.
        self.held.send_replace(Some(Held { logged_in, since, ends }));
    }

    fn now_wanted(&self) -> (Standing, u64) {
        let wanted = self.wanted();
        (wanted.standing.clone(), wanted.as_of)
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// A login with these, which the server has answered.
    fn fill(&mut self, own: u64, given: &Credentials) -> Filled {
        if self.as_of > own {
            return Filled::Overtaken;
        }
        if self.provided > own {
            return Filled::Displaced;
        }
        self.as_of = own;
        self.standing = Standing::As { given: given.clone(), token: None };
        Filled::Yes
    }
}

/// What becomes of a login that the server has answered.
enum Filled {
    /// It is what holds.
    Yes,
    /// Somebody has logged in or out since.
    Overtaken,
    /// A renewal that was sent after it may have taken its place.
    Displaced,
}

impl Held {
    /// When it is time to log in again, if it ends by itself.
    pub(super) fn renewal(&self) -> Option<Instant> {
        let ends = self.ends?;
        let left = ends.saturating_duration_since(self.since);
        let ahead = (left / 5).min(AHEAD);
        Some(self.since + left.saturating_sub(ahead).max(PAUSE))
    }
}

/// Whether a server knows nothing, or nothing any more, of a token.
fn is_stale(fault: &Fault) -> bool {
    matches!(fault.code(), "INVALID_TOKEN" | "TOKEN_EXPIRED")
}

/// What somebody provides to log in with. They may be able to later: a client does not end for that.
async fn provided(hook: &Hook) -> Result<Credentials, Fault> {
    let given = AssertUnwindSafe(async { hook().await }).catch_unwind().await;
    let given = given.unwrap_or_else(|panic| {
        tracing::error!(error = panic_text(&*panic), "whoever provides credentials panicked");
        let reason = "whoever provides the credentials panicked";
        Err(Fault::new(FaultKind::Internal, reason))
    });
    given.map_err(|fault| fault.with_retryable(true))
}

async fn tell_logout(link: &dyn Link) -> Result<(), Fault> {
    let body = Body::new(Map::<String, Value>::new());
    let response = in_time(link, system_request(system::LOGOUT, body)).await;
    understood::<system::Done>(response).map(drop)
}

async fn send(link: &dyn Link, credentials: &Credentials) -> Result<LoggedIn, Fault> {
    let body = Body::new(login::Request::new(credentials));
    let response = in_time(link, system_request(system::LOGIN, body)).await;
    understood::<login::Response>(response)?.logged_in()
}

/// With the limit that every call over a network has, whatever is around the link: nobody hangs for
/// want of an answer to a login.
async fn in_time(link: &dyn Link, request: Message) -> Answer {
    let deadline = Instant::now() + REQUEST_TIMEOUT;
    let name = request.name().clone();
    let calling = link.call(request.with_context(Context::new().with_deadline(deadline)));
    if link.keeps_deadlines() || Handle::try_current().is_err() {
        return calling.await;
    }
    timeout_at(deadline, calling).await.unwrap_or_else(|_| Err(Fault::late(name).into()))
}
