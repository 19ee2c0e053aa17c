//! Who calls without having joined, and shows a token with each message instead. Whichever server takes
//! the message asks its authenticator, and remembers what that said: for so many tokens, a minute at
//! most, no longer than the token lives, and not beyond a logout.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use mb_core::{EndReason, Fault, FaultKind};
use serde_json::json;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};

use super::{
    logins::{accepted, system},
    places::Places,
    station::Station,
};
use crate::served::Served;

/// How many tokens are remembered, and how long a token may be, in bytes.
const MOST: usize = 512;
const LONGEST_TOKEN: usize = 8 * 1024;

/// How long the word of an authenticator counts. One who was let go in the meantime is found out then.
const FRESH: Duration = Duration::from_secs(60);

/// How many tokens may be asked about at a time, how long that may take, and how many places there are
/// for messages that wait for it.
const ASKED: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);
const WAITING: usize = 1024;

pub(crate) struct Bearers {
    known: Mutex<HashMap<Box<str>, Arc<Bearer>>>,
    /// Tokens that are asked about, and what will be said of them: once to all who show it meanwhile.
    asked: Mutex<HashMap<Box<str>, watch::Receiver<Word>>>,
    waiting: Places,
    leaving: Semaphore,
    /// How many logouts there were.
    logouts: AtomicU64,
}

type Word = Option<Result<Arc<Served>, Fault>>;

/// Somebody with a token that was good a moment ago.
struct Bearer {
    served: Arc<Served>,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy)]
struct Seen {
    at: Instant,
    expires: Option<SystemTime>,
}

impl Default for Bearers {
    fn default() -> Self {
        let (known, asked) = (Mutex::default(), Mutex::default());
        let (waiting, leaving) = (Places::new(WAITING), Semaphore::new(ASKED));
        Self { known, asked, waiting, leaving, logouts: AtomicU64::new(0) }
    }
}

impl Bearers {
    fn known(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Bearer>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who shows this token, where that was asked lately.
    pub(crate) fn fresh(&self, token: &str) -> Option<Arc<Served>> {
        let known = self.known();
        let bearer = known.get(token)?;
        bearer.seen().is_fresh().then(|| Arc::clone(&bearer.served))
    }

    fn get(&self, token: &str) -> Option<Arc<Bearer>> {
        self.known().get(token).cloned()
    }

    /// Forgets a token. What is under way for it goes on; its streams end.
    fn forget(&self, token: &str) {
        // Its end is told outside of the lock.
        let gone = self.known().remove(token);
        drop(gone);
    }

    /// Finds the request that is under way for one of them.
    pub(crate) fn each(&self, mut work: impl FnMut(&Served)) {
        let all: Vec<_> = self.known().values().cloned().collect();
        all.iter().for_each(|bearer| work(&bearer.served));
    }

    /// Forgets tokens that were shown long ago, unless something is under way for them.
    pub(crate) fn sweep(&self) {
        let is_over =
            |bearer: &Bearer| !bearer.seen().is_fresh() && bearer.served.nothing_under_way();
        let gone: Vec<_> = self.known().extract_if(|_, bearer| is_over(bearer)).collect();
        // Their ends are told outside of the lock.
        drop(gone);
    }

    fn remember(&self, token: &str, bearer: Arc<Bearer>) {
        let mut known = self.known();
        let is_new = !known.contains_key(token);
        let mut gone =
            if is_new && known.len() >= MOST { make_room(&mut known) } else { Vec::new() };
        gone.extend(known.insert(token.into(), bearer));
        drop(known);
        // Their ends are told outside of the lock.
        drop(gone);
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<Box<str>, watch::Receiver<Word>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to ask about a token, or what comes of it where somebody does already.
    fn ask(&self, token: &str) -> Result<Result<Asking<'_>, watch::Receiver<Word>>, Fault> {
        let mut asked = self.asked();
        if let Some(told) = asked.get(token) {
            return Ok(Err(told.clone()));
        }
        if asked.len() >= ASKED {
            return Err(too_many(ASKED, "tokens are as many as are asked about at a time"));
        }
        let (tell, told) = watch::channel(None);
        asked.insert(token.into(), told);
        Ok(Ok(Asking { bearers: self, token: token.into(), tell }))
    }
}

/// Somebody asks about a token, until this is dropped.
struct Asking<'a> {
    bearers: &'a Bearers,
    token: Box<str>,
    tell: watch::Sender<Word>,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.bearers.asked().remove(&self.token);
    }
}

fn too_many(limit: usize, what: &str) -> Fault {
    let details = json!({ "limit": limit });
    Fault::new(FaultKind::RateLimitExceeded, format!("{limit} {what}")).with_details(details)
}

/// Forgets those of long ago, or the oldest where there are none.
fn make_room(known: &mut HashMap<Box<str>, Arc<Bearer>>) -> Vec<Arc<Bearer>> {
    let stale = known.extract_if(|_, bearer| !bearer.seen().is_fresh());
    let mut gone: Vec<_> = stale.map(|(_, bearer)| bearer).collect();
    let oldest = known.iter().min_by_key(|(_, bearer)| bearer.seen().at);
    if let (true, Some(oldest)) = (gone.is_empty(), oldest.map(|(token, _)| token.clone())) {
        gone.extend(known.remove(&oldest));
    }
    gone
}

impl Bearer {
    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bearer {
    fn drop(&mut self) {
        self.served.link.close(EndReason::ClientDisconnected);
        self.served.over.cancel();
    }
}

impl Seen {
    fn is_fresh(self) -> bool {
        let lives = self.expires.is_none_or(|expires| SystemTime::now() < expires);
        lives && self.at.elapsed() < FRESH
    }
}

impl Station {
    /// Asks who shows this token beside a message of so many bytes.
    ///
    /// # Errors
    /// What the authenticator says of it; `RATE_LIMIT_EXCEEDED` where too many are asked about.
    pub(crate) async fn bearer(&self, token: &str, bytes: usize) -> Result<Arc<Served>, Fault> {
        check(token)?;
        let _waiting = self.bearers.waiting.take(bytes).ok_or_else(|| {
            too_many(WAITING, "messages are as many as wait for the word of an authenticator")
        })?;
        let asking = match self.bearers.ask(token)? {
            Ok(asking) => asking,
            Err(mut told) => {
                let told = told.wait_for(Option::is_some).await;
                return told.ok().and_then(|told| told.clone()).unwrap_or_else(|| Err(unsaid()));
            }
        };
        let said = self.asked_and_remembered(token).await;
        asking.tell.send_replace(Some(said.clone()));
        said
    }

    async fn asked_and_remembered(&self, token: &str) -> Result<Arc<Served>, Fault> {
        let logouts = self.bearers.logouts.load(Ordering::Acquire);
        let mut bearer = self.shown(token).await?;
        if self.bearers.logouts.load(Ordering::Acquire) != logouts {
            // Somebody has logged out meanwhile: it may have been this one.
            bearer = self.shown(token).await?;
        }
        self.bearers.remember(token, Arc::clone(&bearer));
        Ok(Arc::clone(&bearer.served))
    }

    /// Shows a token to the authenticator.
    async fn shown(&self, token: &str) -> Result<Arc<Bearer>, Fault> {
        let bearer = match self.bearers.get(token) {
            Some(known) => known,
            None => Arc::new(self.newcomer()?),
        };
        let at = Instant::now();
        let showing = bearer.served.link.call(system("$login", json!({ "token": token })));
        match timeout(PATIENCE, accepted(showing)).await {
            Ok(Ok(expires)) => {
                *bearer.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { at, expires };
                Ok(bearer)
            }
            Ok(Err(fault)) => {
                self.bearers.forget(token);
                Err(fault)
            }
            Err(_) => Err(unsaid()),
        }
    }

    fn newcomer(&self) -> Result<Bearer, Fault> {
        let served = self.nobody_in_particular()?;
        let seen = Mutex::new(Seen { at: Instant::now(), expires: None });
        Ok(Bearer { served: Arc::new(served), seen })
    }

    /// Whoever shows this token has logged out, wherever that was: a token that is not remembered is
    /// asked about, so that the authenticator hears of its end.
    pub(crate) async fn logged_out(&self, token: &str) {
        let leaving = async {
            check(token)?;
            let _leaving = self.bearers.leaving.try_acquire().map_err(|_| {
                too_many(ASKED, "logouts are as many as an authenticator is told of at a time")
            })?;
            let bearer = match self.bearers.get(token) {
                Some(known) => known,
                None => self.shown(token).await?,
            };
            let telling = bearer.served.link.call(system("$logout", json!({})));
            timeout(PATIENCE, accepted(telling)).await.unwrap_or_else(|_| Err(unsaid()))
        };
        if let Err(fault) = leaving.await {
            tracing::debug!(%fault, "a token is forgotten, and its owner not logged out");
        }
        self.bearers.logouts.fetch_add(1, Ordering::AcqRel);
        self.bearers.forget(token);
    }
}

fn check(token: &str) -> Result<(), Fault> {
    if token.len() > LONGEST_TOKEN {
        let reason = format!("a token has at most {LONGEST_TOKEN} bytes");
        return Err(Fault::new(FaultKind::ValidationFailed, reason));
    }
    Ok(())
}

fn unsaid() -> Fault {
    Fault::unavailable("the authenticator has not said in time whose token it is")
}
