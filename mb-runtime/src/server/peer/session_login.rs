//! Who is logged in on a connection: the last who logged in, until they log out or it expires.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::timeout};

use crate::login::Login;

/// The place of a connection's login.
#[derive(Default)]
pub(in crate::server) struct SessionLogin {
    current: watch::Sender<Option<Arc<Login>>>,
    /// Counts logins begun and logouts: whoever is overtaken by another finds that out.
    turn: Arc<AtomicU64>,
}

/// The right to fill the place, unless somebody is quicker.
pub(in crate::server) struct Turn {
    current: watch::Sender<Option<Arc<Login>>>,
    turn: Arc<AtomicU64>,
    own: u64,
}

impl SessionLogin {
    /// Somebody begins to log in.
    pub(in crate::server) fn begin(&self) -> Turn {
        let own = self.turn.fetch_add(1, Ordering::AcqRel) + 1;
        Turn { current: self.current.clone(), turn: Arc::clone(&self.turn), own }
    }

    /// Somebody logs out.
    pub(in crate::server) fn clear(&self) -> Option<Arc<Login>> {
        self.turn.fetch_add(1, Ordering::AcqRel);
        self.current.send_replace(None)
    }

    /// Who is logged in now.
    pub(super) fn current(&self) -> Option<Arc<Login>> {
        self.current.borrow().clone()
    }

    /// Done when nobody has been logged in for this long. Logins that expire end here.
    pub(super) async fn missing_for(&self, limit: Duration) {
        let mut current = self.current.subscribe();
        // The sender is part of `self`: no wait fails.
        while timeout(limit, current.wait_for(Option::is_some)).await.is_ok() {
            let expires = self.current().and_then(|login| login.expires_at);
            let left = expires.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
            let gone = async { drop(current.wait_for(Option::is_none).await) };
            match left {
                None => gone.await,
                Some(left) => {
                    if timeout(left.min(LONGEST), gone).await.is_err() && left <= LONGEST {
                        self.clear();
                    }
                }
            }
        }
    }
}

/// As long as a clock can be asked to wait: a year. A login that lasts longer is looked at again.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Turn {
    /// Notes who has logged in. Handed back where somebody was quicker.
    pub(in crate::server) fn fill(self, login: Login) -> Result<(), Login> {
        let mut login = Some(login);
        self.current.send_if_modified(|current| {
            let is_last = self.turn.load(Ordering::Acquire) == self.own;
            if is_last {
                *current = login.take().map(Arc::new);
            }
            is_last
        });
        login.map_or(Ok(()), Err)
    }
}
