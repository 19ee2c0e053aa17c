//! Who calls without having joined, and shows a token with each message instead. Whichever server takes
//! the message asks its authenticator, and remembers what that said: for so many tokens, a minute at
//! most, no longer than the token lives, and not beyond a logout.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use mb_core::{
    Body, Context, EndReason, Failure, Fault, FaultKind, Hello, Link, Message, Name, WireError,
};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{clients::Nowhere, station::Station};
use crate::served::Served;

/// How many tokens are remembered, and how long a token may be, in bytes.
const MOST: usize = 512;
const LONGEST_TOKEN: usize = 8 * 1024;

/// How long the word of an authenticator counts. One who was let go in the meantime is found out then.
const FRESH: Duration = Duration::from_secs(60);

/// How many tokens may be asked about at a time, and how long that may take.
const ASKED: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Bearers {
    known: Mutex<HashMap<Box<str>, Arc<Bearer>>>,
    asking: Semaphore,
}

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

/// As a server answers a login.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Word {
    success: bool,
    /// Unix milliseconds.
    expires_at: Option<u64>,
    error: Option<WireError>,
}

impl Default for Bearers {
    fn default() -> Self {
        Self { known: Mutex::default(), asking: Semaphore::new(ASKED) }
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

    /// Forgets a token. What is under way for it goes on; its streams end.
    pub(crate) fn forget(&self, token: &str) -> Option<Arc<Served>> {
        let gone = self.known().remove(token)?;
        Some(Arc::clone(&gone.served))
    }

    /// Finds the request that is under way for one of them.
    pub(crate) fn each(&self, mut work: impl FnMut(&Served)) {
        let all: Vec<_> = self.known().values().cloned().collect();
        all.iter().for_each(|bearer| work(&bearer.served));
    }

    fn remember(&self, token: &str, bearer: Arc<Bearer>) {
        let mut known = self.known();
        let mut gone = Vec::new();
        if known.len() >= MOST && !known.contains_key(token) {
            let stale = |bearer: &Bearer| !bearer.seen().is_fresh();
            gone.extend(known.extract_if(|_, bearer| stale(bearer)).map(|(_, bearer)| bearer));
            let oldest = known.iter().min_by_key(|(_, bearer)| bearer.seen().at);
            if let (true, Some(oldest)) = (gone.is_empty(), oldest.map(|(token, _)| token.clone()))
            {
                gone.extend(known.remove(&oldest));
            }
        }
        gone.extend(known.insert(token.into(), bearer));
        drop(known);
        // Their ends are told outside of the lock.
        drop(gone);
    }
}

impl Bearer {
    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bearer {
    fn drop(&mut self) {
        self.served.link.close(EndReason::ClientDisconnected);
    }
}

impl Seen {
    fn is_fresh(self) -> bool {
        let lives = self.expires.is_none_or(|expires| SystemTime::now() < expires);
        lives && self.at.elapsed() < FRESH
    }
}

impl Station {
    /// Asks who shows this token.
    ///
    /// # Errors
    /// What the authenticator says of it; `RATE_LIMIT_EXCEEDED` where too many are asked about.
    pub(crate) async fn bearer(&self, token: &str) -> Result<Arc<Served>, Fault> {
        if token.len() > LONGEST_TOKEN {
            let reason = format!("a token has at most {LONGEST_TOKEN} bytes");
            return Err(Fault::new(FaultKind::ValidationFailed, reason));
        }
        let _asking = self.bearers.asking.try_acquire().map_err(|_| {
            let reason = format!("{ASKED} tokens are as many as are asked about at a time");
            Fault::new(FaultKind::RateLimitExceeded, reason)
        })?;
        let known = self.bearers.known().get(token).cloned();
        let bearer = match known {
            Some(known) => known,
            None => Arc::new(self.newcomer()?),
        };
        match timeout(PATIENCE, show(&*bearer.served.link, token)).await {
            Ok(Ok(seen)) => {
                *bearer.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
                let served = Arc::clone(&bearer.served);
                self.bearers.remember(token, bearer);
                Ok(served)
            }
            Ok(Err(fault)) => {
                drop(self.bearers.forget(token));
                Err(fault)
            }
            Err(_) => Err(Fault::unavailable("nobody has said in time whose token it is")),
        }
    }

    fn newcomer(&self) -> Result<Bearer, Fault> {
        let hello = Hello { kind: "nats".to_owned(), ..Hello::default() };
        let connected = Arc::clone(&self.host).accept(hello, Arc::new(Nowhere))?;
        let sizes = (self.limits.in_flight, self.nats.max_payload());
        let (codecs, tracker) = (&self.codecs, &self.tracker);
        let served = Served::new(connected.link, sizes, &self.instance, codecs, tracker);
        let seen = Mutex::new(Seen { at: Instant::now(), expires: None });
        Ok(Bearer { served: Arc::new(served), seen })
    }

    /// Whoever shows this token has logged out.
    pub(crate) async fn logged_out(&self, token: &str) {
        if let Some(served) = self.bearers.forget(token) {
            let body = Body::new(json!({}));
            let request = Message::new(Name::text("$logout"), Context::new(), body);
            if let Err(failure) = served.link.call(request).await {
                tracing::debug!(%failure, "a token is forgotten, and its owner not logged out");
            }
        }
    }
}

/// Logs in with a token.
async fn show(link: &dyn Link, token: &str) -> Result<Seen, Fault> {
    let at = Instant::now();
    let body = Body::new(json!({ "token": token }));
    let request = Message::new(Name::text("$login"), Context::new(), body);
    let answer = link.call(request).await.map_err(|failure| match failure {
        Failure::Fault(fault) => fault,
        Failure::Declared(error) => Fault::from_wire(error.to_wire()),
    })?;
    let Word { success, expires_at, error } = read(&answer)?;
    if !success {
        let unsaid = || Fault::new(FaultKind::AuthenticationRequired, "the token is not accepted");
        return Err(error.map_or_else(unsaid, Fault::from_wire));
    }
    let after = expires_at.map(Duration::from_millis);
    let expires = after.and_then(|after| SystemTime::UNIX_EPOCH.checked_add(after));
    Ok(Seen { at, expires })
}

/// A typed answer is read by way of JSON.
fn read(answer: &Body) -> Result<Word, Fault> {
    let strange = |error: String| Fault::new(FaultKind::Internal, error);
    let written =
        answer.encode(&mb_core::Codec::JSON).map_err(|error| strange(error.to_string()))?;
    serde_json::from_slice(&written.bytes).map_err(|error| strange(error.to_string()))
}
