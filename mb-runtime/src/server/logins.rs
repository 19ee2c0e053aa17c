//! `$login` and `$logout`, as a server answers them.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Answer, Body, Calling, Fault};

use super::{
    Core,
    peer::{NotTaken, Peer, Session},
};
use crate::{
    dispatch::Detached,
    login::{Authenticator, Credentials, Login, LoginError, wire as login},
    panics::panic_text,
    wire::system::Done,
};

pub(super) fn log_in(core: &Arc<Core>, peer: &Peer, body: Body) -> Calling {
    // What is wrong with credentials is not told in their own words.
    let request = body.decode::<login::Request>().unwrap_or_default();
    let place = request.or_nobody.then(|| peer.login().begin(None).or_nobody());
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
    let token = shown.as_deref().map(|token| core.token_id(token));
    let place = match place {
        Some(place) => place.showing(token),
        None => peer.login().begin(token),
    };
    let weak = Arc::downgrade(core);
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
        let response = login::Response::of(&login, username);
        let core = weak.upgrade().ok_or_else(Fault::stopped)?;
        let token = login.token.as_ref().or(shown.as_ref()).map(|token| core.token_id(token));
        let taken = identity.take(&core, place, Session::new(login, token, &core.routes));
        drop(core);
        if let Err((session, why)) = taken {
            if is_new || matches!(why, NotTaken::Overtaken { by_logout: true }) {
                end(&weak, &*authenticator, &session.login).await;
            }
            return match why {
                NotTaken::Refused(fault) => Err(fault.into()),
                NotTaken::Overtaken { .. } => {
                    Ok(Body::new(login::Response::refused(LoginError::Unavailable)))
                }
            };
        }
        Ok(Body::new(response))
    });
    logging_in.into()
}

pub(super) fn log_out(core: &Arc<Core>, peer: &Peer) -> Calling {
    let session = peer.login().clear();
    let (Some(session), Some(authenticator)) = (session, core.authenticator().map(Arc::clone))
    else {
        return Calling::answered(Ok(Body::new(Done { success: true })));
    };
    let weak = Arc::downgrade(core);
    let logging_out: BoxFuture<'static, Answer> = Box::pin(async move {
        end(&weak, &*authenticator, &session.login).await;
        Ok(Body::new(Done { success: true }))
    });
    match core.gate.runtime() {
        // A client that says so and is gone has logged out all the same.
        Some(runtime) => Detached::calling(logging_out, Some(runtime.clone())),
        None => logging_out.into(),
    }
}

/// The token of a login is good for nothing from here on, for whoever has it.
async fn end(core: &Weak<Core>, authenticator: &dyn Authenticator, login: &Login) {
    guarded(authenticator.logout(login)).await;
    // After that: nobody logs in with it any more.
    if let (Some(core), Some(token)) = (core.upgrade(), &login.token) {
        core.end_logins_with(token);
    }
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
