//! Who is logged in on a connection: the last who logged in, until they log out or it expires.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use mb_core::Actor;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::{access::Rights, dispatch::Routes, login::Login};

/// What a server knows a token by while somebody is logged in with it: no token is compared with
/// another. Its key is the server's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct TokenId(u64);

impl TokenId {
    pub(in crate::server) fn of(token: &str, key: &RandomState) -> Self {
        Self(key.hash_one(token))
    }
}

/// A login, and what it comes to.
pub(in crate::server) struct Session {
    pub(in crate::server) login: Login,
    /// What it was shown, or what it hands out in its place.
    token: Option<TokenId>,
    /// What may be done with it, by the rules of the server's contracts.
    pub(super) rights: Rights,
    /// Whether it may act for others.
    pub(super) is_gateway: bool,
    /// When it ends by itself, if it does, or will within the reach of a clock.
    pub(super) ends: Option<Instant>,
}

impl Session {
    pub(in crate::server) fn new(login: Login, token: Option<TokenId>, routes: &Routes) -> Self {
        let rights = routes.rights_of(&login.actor);
        let left = login.expires_at.map(|at| at.duration_since(SystemTime::now()));
        let ends = left.and_then(|left| Instant::now().checked_add(left.unwrap_or_default()));
        let is_gateway = login.actor.permissions.iter().any(|own| own == Actor::ACT_FOR);
        Self { login, token, rights, is_gateway, ends }
    }

    /// Whether it has ended by itself.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.ends.is_some_and(|ends| ends <= Instant::now())
    }
}

/// The place of a connection's login.
#[derive(Default)]
pub(in crate::server) struct SessionLogin {
    current: watch::Sender<Option<Arc<Session>>>,
    last: Arc<Mutex<Last>>,
}

/// The last login that was begun.
#[derive(Default)]
struct Last {
    /// Counts logins begun and logouts: whoever is overtaken by another finds that out.
    turn: u64,
    /// What was shown.
    token: Option<TokenId>,
    /// Which of these was a logout, last.
    logout: u64,
}

impl Last {
    fn next(&mut self, token: Option<TokenId>) -> u64 {
        self.turn += 1;
        self.token = token;
        self.turn
    }

    fn log_out(&mut self) {
        self.logout = self.next(None);
    }
}

/// The right to fill the place, unless somebody is quicker.
pub(in crate::server) struct Turn {
    current: watch::Sender<Option<Arc<Session>>>,
    last: Arc<Mutex<Last>>,
    own: u64,
    /// Whether the place is empty if this one does not fill it.
    or_nobody: bool,
}

impl SessionLogin {
    /// Somebody begins to log in, maybe with a token.
    pub(in crate::server) fn begin(&self, token: Option<TokenId>) -> Turn {
        let own = lock(&self.last).next(token);
        Turn { current: self.current.clone(), last: Arc::clone(&self.last), own, or_nobody: false }
    }

    /// Somebody is logged in from the beginning.
    pub(super) fn set(&self, session: Session) {
        self.current.send_replace(Some(Arc::new(session)));
    }

    /// Somebody logs out.
    pub(in crate::server) fn clear(&self) -> Option<Arc<Session>> {
        lock(&self.last).log_out();
        self.current.send_replace(None)
    }

    /// Whoever is logged in with this token is out, and so is whoever is about to be.
    pub(in crate::server) fn end(&self, token: TokenId) {
        {
            let mut last = lock(&self.last);
            if last.token == Some(token) {
                last.log_out();
            }
        }
        // After that: whoever was about to be is in by now, or will not be.
        self.current.send_if_modified(|current| {
            let is_meant = current.as_ref().is_some_and(|session| session.token == Some(token));
            if is_meant {
                *current = None;
            }
            is_meant
        });
    }

    /// Whoever is over their time is out. Somebody may have logged in again meanwhile, for longer.
    fn expire(&self) {
        self.current.send_if_modified(|current| {
            let is_over = current.as_ref().is_some_and(|session| session.is_over());
            if is_over {
                *current = None;
            }
            is_over
        });
    }

    /// Who is logged in now.
    #[inline]
    pub(in crate::server) fn current(&self) -> Option<Arc<Session>> {
        self.current.borrow().as_ref().filter(|session| !session.is_over()).map(Arc::clone)
    }

    /// Who is logged in, to be watched.
    pub(super) fn watch(&self) -> watch::Receiver<Option<Arc<Session>>> {
        self.current.subscribe()
    }

    /// Done when nobody has been logged in for this long. Logins that expire end here.
    pub(super) async fn missing_for(&self, limit: Duration) {
        let mut current = self.current.subscribe();
        // The sender is part of `self`: no wait fails.
        while timeout(limit, current.wait_for(Option::is_some)).await.is_ok() {
            let ends = self.current.borrow().as_ref().and_then(|session| session.ends);
            let left = ends.map(|at| at.saturating_duration_since(Instant::now()));
            let gone = async { drop(current.wait_for(Option::is_none).await) };
            match left {
                None => gone.await,
                Some(left) => {
                    if timeout(left.min(LONGEST), gone).await.is_err() {
                        self.expire();
                    }
                }
            }
        }
    }
}

/// As long as a clock can be asked to wait: a year. A login that lasts longer is looked at again.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Turn {
    /// Whoever was there before leaves, also where this one does not come in.
    pub(in crate::server) fn or_nobody(mut self) -> Self {
        self.or_nobody = true;
        self
    }

    /// Notes what was shown.
    pub(in crate::server) fn showing(self, token: Option<TokenId>) -> Self {
        {
            let mut last = lock(&self.last);
            if last.turn == self.own {
                last.token = token;
            }
        }
        self
    }

    /// Notes who has logged in. Handed back where somebody was quicker, and whether by logging out.
    pub(in crate::server) fn fill(mut self, session: Session) -> Result<(), (Session, bool)> {
        self.or_nobody = false;
        let mut session = Some(session);
        let mut by_logout = false;
        self.current.send_if_modified(|current| {
            let last = lock(&self.last);
            by_logout = last.logout > self.own;
            let is_last = last.turn == self.own;
            drop(last);
            if is_last {
                *current = session.take().map(Arc::new);
            }
            is_last
        });
        session.map_or(Ok(()), |session| Err((session, by_logout)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.or_nobody {
            self.current.send_if_modified(|current| {
                let is_last = lock(&self.last).turn == self.own;
                is_last && current.take().is_some()
            });
        }
    }
}

fn lock(last: &Mutex<Last>) -> MutexGuard<'_, Last> {
    last.lock().unwrap_or_else(PoisonError::into_inner)
}
