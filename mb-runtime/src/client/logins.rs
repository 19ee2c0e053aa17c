//! What a client logs in with, on each of its connections, and who it is then.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Body, Context, Fault, FaultKind, Link, Message};
use serde_json::{Map, Value};
use tokio::{sync::watch, time::Instant};

use super::outgoing::default_timeout;
use crate::{
    login::{Credentials, LoggedIn, wire as login},
    panics::panic_text,
    session::{system_request, understood},
    wire::system,
};

/// What a client logs in with, and who it is.
#[derive(Default)]
pub(super) struct Logins {
    standing: Mutex<Standing>,
    held: watch::Sender<Option<Held>>,
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
        let standing = Standing::As { given: credentials, token: None };
        Self { standing: Mutex::new(standing), ..Self::default() }
    }

    pub(super) fn by<F, Fut>(provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Fault>> + Send + 'static,
    {
        let hook: Arc<Hook> = Arc::new(move || Box::pin(provide()));
        Self { standing: Mutex::new(Standing::By(hook)), ..Self::default() }
    }

    /// Logs in on a new connection, if there is anything to log in with. What a server has handed out
    /// before is tried first where it may be known there.
    pub(super) async fn log_in(&self, link: &dyn Link, by_token: bool) -> Result<(), Fault> {
        let standing = self.standing().clone();
        let fresh = match standing {
            Standing::Nobody => return Ok(()),
            Standing::As { .. } => None,
            Standing::By(hook) => Some(provided(&*hook).await?),
        };
        self.log_in_now(link, by_token, fresh).await?;
        self.heed_logout(link).await
    }

    /// Whoever has logged out while a login was under way may have come before it, or could not reach
    /// its connection.
    async fn heed_logout(&self, link: &dyn Link) -> Result<(), Fault> {
        let logged_out = matches!(&*self.standing(), Standing::Nobody);
        if logged_out { tell_logout(link).await } else { Ok(()) }
    }

    async fn log_in_now(
        &self,
        link: &dyn Link,
        by_token: bool,
        fresh: Option<Credentials>,
    ) -> Result<(), Fault> {
        let standing = self.standing().clone();
        match standing {
            Standing::Nobody => Ok(()),
            Standing::By(_) => match fresh {
                Some(fresh) => self.with_fresh(link, &fresh).await,
                None => Ok(()),
            },
            Standing::As { given, token } => {
                if let Some(token) = token.filter(|_| by_token) {
                    match send(link, &Credentials::Token(token)).await {
                        Ok(logged_in) => {
                            self.note(&given, logged_in);
                            return Ok(());
                        }
                        Err(fault) if !is_stale(&fault) => return Err(fault),
                        Err(_) => {}
                    }
                }
                let logged_in = send(link, &given).await?;
                self.note(&given, logged_in);
                Ok(())
            }
        }
    }

    /// Logs in with these, and on the connections to come too.
    pub(super) async fn log_in_with(
        &self,
        link: &dyn Link,
        given: Credentials,
    ) -> Result<LoggedIn, Fault> {
        let logged_in = send(link, &given).await?;
        *self.standing() = Standing::As { given: given.clone(), token: None };
        self.note(&given, logged_in.clone());
        Ok(logged_in)
    }

    /// Logs out, here and for the connections to come.
    pub(super) async fn log_out(&self, link: &dyn Link) -> Result<(), Fault> {
        *self.standing() = Standing::Nobody;
        self.held.send_replace(None);
        tell_logout(link).await
    }

    /// Logs in once more, with fresh credentials. `Ok(false)` where nobody provides any.
    pub(super) async fn renew(&self, link: &dyn Link) -> Result<bool, Fault> {
        let Standing::By(hook) = self.standing().clone() else { return Ok(false) };
        let fresh = provided(&*hook).await?;
        // Somebody may have logged in otherwise, or out, while they were provided.
        if !matches!(&*self.standing(), Standing::By(_)) {
            return Ok(false);
        }
        self.with_fresh(link, &fresh).await?;
        self.heed_logout(link).await.map(|()| true)
    }

    async fn with_fresh(&self, link: &dyn Link, fresh: &Credentials) -> Result<(), Fault> {
        let logged_in = send(link, fresh).await?;
        // Somebody may have logged in otherwise, or out, meanwhile: that is what holds.
        let standing = self.standing().clone();
        match standing {
            Standing::By(_) => self.hold(logged_in),
            Standing::Nobody => {}
            Standing::As { given, .. } => {
                let logged_in = send(link, &given).await?;
                self.note(&given, logged_in);
            }
        }
        Ok(())
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

    fn note(&self, with: &Credentials, logged_in: LoggedIn) {
        let mut standing = self.standing();
        // Somebody may have logged in otherwise, or out, meanwhile.
        if let Standing::As { given, token } = &mut *standing
            && given == with
        {
            if matches!(given, Credentials::Password { .. }) {
                token.clone_from(&logged_in.token);
            }
            drop(standing);
            self.hold(logged_in);
        }
    }

    fn hold(&self, logged_in: LoggedIn) {
        let since = Instant::now();
        let left = logged_in.expires_at.map(|at| at.duration_since(SystemTime::now()));
        let ends = left.and_then(|left| since.checked_add(left.unwrap_or_default()));
        self.held.send_replace(Some(Held { logged_in, since, ends }));
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    let response = link.call(in_time(system_request(system::LOGOUT, body), link)).await;
    understood::<system::Done>(response).map(drop)
}

async fn send(link: &dyn Link, credentials: &Credentials) -> Result<LoggedIn, Fault> {
    let body = Body::new(login::Request::new(credentials));
    let response = link.call(in_time(system_request(system::LOGIN, body), link)).await;
    understood::<login::Response>(response)?.logged_in()
}

/// With the limit that every call over a network has.
fn in_time(request: Message, link: &dyn Link) -> Message {
    match default_timeout(link) {
        Some(limit) => request.with_context(Context::new().with_deadline(Instant::now() + limit)),
        None => request,
    }
}
