//! One connected client: who it is, what it wants, and its end.

mod access;
mod identity;
mod interest;
mod link;
mod session_login;
mod watched;

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use mb_core::{Caller, EndReason, Fault, Host, Link, SubscriptionId};
use tokio_util::sync::CancellationToken;

pub(super) use self::{
    identity::NotTaken,
    session_login::{Session, TokenId},
};
use self::{interest::Interest, session_login::SessionLogin};
use super::{Core, throttle::Failures};
use crate::{
    access::{Audit, Judge},
    dispatch::Routes,
    login::Login,
};

// In this order: an event to a thousand clients touches a thousand of these, and what it needs of each
// lies together.
#[repr(C)]
pub(super) struct Peer {
    /// The way back to the client: the caller's.
    back: Arc<dyn Link>,
    caller: Arc<Caller>,
    interest: Interest,
    gone: AtomicBool,
    /// Whether its coming was told, so that its going is.
    announced: AtomicBool,
    /// Whether there can be a login at all.
    takes_logins: bool,
    routes: Arc<Routes>,
    login: SessionLogin,
    judge: Judge,
    audit: Arc<Audit>,
    /// A client keeps no server alive, nor the services in it.
    core: Weak<Core>,
    key: u64,
    /// Cancelled when the client leaves by itself: its streams end then.
    leaving: CancellationToken,
    /// Cancelled when the client is gone, whoever wanted that.
    over: CancellationToken,
    /// The logins that have failed on it.
    failed: Arc<Mutex<Failures>>,
}

impl Peer {
    pub(super) fn new(core: &Arc<Core>, key: u64, caller: Arc<Caller>) -> Self {
        let login = SessionLogin::default();
        if let Some(actor) = core.actor() {
            let own = Login::new(actor.clone());
            login.set(Session::new(own, None, &core.routes));
        }
        Self {
            core: Arc::downgrade(core),
            routes: Arc::clone(&core.routes),
            key,
            back: Arc::clone(caller.back()),
            caller,
            gone: AtomicBool::new(false),
            announced: AtomicBool::new(false),
            leaving: CancellationToken::new(),
            over: CancellationToken::new(),
            interest: Interest::none_of(core.routes.events()),
            login,
            takes_logins: core.authenticator().is_some() || core.actor().is_some(),
            audit: Arc::clone(core.audit()),
            judge: core.judge().clone(),
            failed: Arc::default(),
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// The way back to the client.
    pub(super) fn back(&self) -> &dyn Link {
        &*self.back
    }

    /// Whether it gets the event of this number: it asked for it, or never said what it wants. One
    /// without a number can be asked for by nobody.
    pub(super) fn wants(&self, event: Option<usize>) -> bool {
        !self.interest.is_narrowed() || self.asked_for(event)
    }

    /// Whether it asked for the event of this number.
    pub(super) fn asked_for(&self, event: Option<usize>) -> bool {
        event.is_some_and(|event| self.interest.has(event))
    }

    /// Tells those who asked for it that this client is there, once.
    pub(super) fn announce(&self, core: &Core) {
        if self.back.is_a_client() && !self.announced.swap(true, Ordering::AcqRel) {
            core.tell_presence(self.caller.info(), None);
        }
    }

    /// From now on it gets these events, and no others.
    pub(super) fn narrow_to(&self, core: &Core, events: &[String]) -> Result<(), Fault> {
        if events.is_empty() {
            self.interest.narrow();
            return Ok(());
        }
        self.subscribe_to(core, events).map(drop)
    }

    pub(super) fn subscribe_to(
        &self,
        core: &Core,
        events: &[String],
    ) -> Result<SubscriptionId, Fault> {
        let events = events.iter().map(|name| {
            if let Some(number) = core.routes.system_event(name) {
                return Ok(number);
            }
            let event = core.routes.event(name)?;
            self.may_subscribe(event)?;
            Ok(event.number)
        });
        let mut events = events.collect::<Result<Vec<_>, _>>()?;
        events.sort_unstable();
        events.dedup();
        self.interest.add(events, core.limits().subscriptions)
    }

    /// Who is logged in on this connection.
    pub(super) fn login(&self) -> &SessionLogin {
        &self.login
    }

    /// The logins that have failed on it.
    pub(super) fn failed(&self) -> &Arc<Mutex<Failures>> {
        &self.failed
    }

    /// Dismisses a client on which nobody is logged in for this long, be it at first or after a
    /// logout or an expiry.
    pub(super) async fn expect_login(self: Arc<Self>, limit: Duration) {
        let missing = pin!(self.login.missing_for(limit));
        let gone = pin!(self.over.cancelled());
        if let Either::Left(_) = select(missing, gone).await {
            self.dismiss(EndReason::NotAuthenticated);
        }
    }

    /// Ends the connection from the server's side.
    pub(super) fn dismiss(&self, reason: EndReason) {
        if self.leave() {
            self.back.close(reason);
            self.left(reason);
        }
    }

    /// The client is none of the server's any more.
    fn left(&self, reason: EndReason) {
        if let Some(core) = self.core.upgrade() {
            core.forget(self.key);
            if self.announced.load(Ordering::Acquire) {
                core.tell_presence(self.caller.info(), Some(reason));
            }
        }
    }

    /// Whether this is when it leaves.
    fn leave(&self) -> bool {
        let first = !self.gone.swap(true, Ordering::AcqRel);
        self.over.cancel();
        first
    }
}
