//! `$login` and `$logout`, as a server answers them.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Answer, Body, Calling};

use super::{
    Core,
    peer::{Peer, Session},
};
use crate::{
    login::{Credentials, LoginError, wire as login},
    panics::panic_text,
    wire::system::Done,
};

pub(super) fn log_in(core: &Arc<Core>, peer: &Peer, body: Body) -> Calling {
    // What is wrong with credentials is not told in their own words.
    let request = body.decode::<login::Request>().unwrap_or_default();
    let place = request.or_nobody.then(|| peer.login().begin().or_nobody());
    let credentials = match request.credentials() {
        Ok(credentials) => credentials,
        Err(fault) => return Calling::refused(fault),
    };
    let Some(authenticator) = core.authenticator().map(Arc::clone) else {
        let refused = login::Response::refused(LoginError::NoLogins);
        return Calling::answered(Ok(Body::new(refused)));
    };
    let (username, shown) = match &credentials {
        Credentials::Password { username, .. } => (Some(username.clone()), None),
        Credentials::Token(token) => (None, Some(token.clone())),
    };
    let attempt = match core.throttle.attempt(peer.failed(), username.as_deref()) {
        Ok(attempt) => attempt,
        Err(too_soon) => return Calling::refused(too_soon),
    };
    let place = place.unwrap_or_else(|| peer.login().begin());
    let weak = Arc::downgrade(core);
    let routes = Arc::clone(&core.routes);
    let identity = peer.identity();
    let logging_in: BoxFuture<'static, Answer> = Box::pin(async move {
        let login = match credentials {
            Credentials::Token(token) => guarded(authenticator.verify(&token)).await,
            password => guarded(authenticator.login(password)).await,
        };
        let login = match login.unwrap_or(Err(LoginError::Unavailable)) {
            Ok(login) => {
                attempt.forgive();
                login
            }
            Err(error) => {
                if error == LoginError::Unavailable {
                    attempt.forgive();
                }
                return Ok(Body::new(login::Response::refused(error)));
            }
        };
        // What was made for this login goes with it. What somebody had before stays theirs.
        let is_new = login.token.is_some() && login.token != shown;
        if let Some(core) = weak.upgrade()
            && let Err(fault) = identity.check(&core, &login.actor)
        {
            if is_new {
                guarded(authenticator.logout(&login)).await;
            }
            return Err(fault.into());
        }
        let response = login::Response::of(&login, username);
        if let Err((overtaken, by_logout)) = place.fill(Session::new(login, &routes)) {
            // Somebody has logged out, or in again, since this began.
            if is_new || by_logout {
                guarded(authenticator.logout(&overtaken.login)).await;
            }
            return Ok(Body::new(login::Response::refused(LoginError::Unavailable)));
        }
        Ok(Body::new(response))
    });
    logging_in.into()
}

pub(super) fn log_out(core: &Core, peer: &Peer) -> Calling {
    let session = peer.login().clear();
    let (Some(session), Some(authenticator)) = (session, core.authenticator().map(Arc::clone))
    else {
        return Calling::answered(Ok(Body::new(Done { success: true })));
    };
    let logging_out: BoxFuture<'static, Answer> = Box::pin(async move {
        guarded(authenticator.logout(&session.login)).await;
        Ok(Body::new(Done { success: true }))
    });
    logging_out.into()
}

/// What an authenticator says, behind a net: `None` where it panicked.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(said) => Some(said),
        Err(panic) => {
            tracing::error!(error = panic_text(&*panic), "the authenticator panicked");
            None
        }
    }
}
