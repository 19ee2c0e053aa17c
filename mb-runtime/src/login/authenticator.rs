//! Who decides whether somebody is who they say they are.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use mb_core::Actor;

use super::Credentials;

/// Tells who somebody is by what they show. Given to a server with
/// [`ServerBuilder::authenticator`](crate::ServerBuilder::authenticator); a closure over
/// [`Credentials`] that answers at once is one too.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who it is that shows these.
    ///
    /// It may be dropped at any point, when the client leaves meanwhile: it is to be cancel safe.
    ///
    /// # Errors
    /// See [`LoginError`]: the client is told which, and nothing more.
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError>;

    /// Whose token this is. A client that logs in with a token is asked about here; as
    /// [`login`](Self::login) with it, unless it is implemented.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    async fn verify(&self, token: &str) -> Result<Login, LoginError> {
        self.login(Credentials::token(token)).await
    }

    /// Somebody has logged out: the token of this login, if it has one, is to be good for nothing from
    /// here on. Whether anything has to be done about that is up to the implementer. It runs to its end,
    /// whoever has left meanwhile.
    ///
    /// When it is done, whoever else is logged in with that token on a connection to this server is
    /// logged out too. Other servers are not told: sharing what is logged out is up to the implementer.
    async fn logout(&self, _login: &Login) {}
}

#[async_trait]
impl<F> Authenticator for F
where
    F: Fn(Credentials) -> Result<Login, LoginError> + Send + Sync + 'static,
{
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        self(credentials)
    }
}

#[async_trait]
impl<A: Authenticator + ?Sized> Authenticator for Arc<A> {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        (**self).login(credentials).await
    }

    async fn verify(&self, token: &str) -> Result<Login, LoginError> {
        (**self).verify(token).await
    }

    async fn logout(&self, login: &Login) {
        (**self).logout(login).await;
    }
}

/// Who is logged in on a connection.
#[derive(Clone, PartialEq)]
pub struct Login {
    /// Who is acting: what handlers see as `cx.actor()`.
    pub actor: Arc<Actor>,
    /// A token to log in with the next time. It is sent to the client.
    pub token: Option<String>,
    /// When the login ends by itself, if it does.
    pub expires_at: Option<SystemTime>,
}

impl Login {
    /// A login that hands out no token, and lasts as long as its connection.
    pub fn new(actor: Actor) -> Self {
        Self { actor: Arc::new(actor), token: None, expires_at: None }
    }
}

/// The token stays hidden.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("actor", &self.actor.id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why somebody is not logged in. An answer, not a failure of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// No such user, or not their password: it is not said which. `INVALID_CREDENTIALS`.
    #[error("wrong username or password")]
    InvalidCredentials,
    /// The token is none of this server's. `INVALID_TOKEN`.
    #[error("the token is not valid here: get a new one")]
    InvalidToken,
    /// The token was good once. `TOKEN_EXPIRED`.
    #[error("the token has expired: get a new one")]
    TokenExpired,
    /// The server has no authenticator. `INVALID_CREDENTIALS`.
    #[error("this server takes no logins: it has no authenticator")]
    NoLogins,
    /// Whoever knows cannot be asked now. `UNAVAILABLE`, retryable.
    #[error("the server cannot check logins at the moment: try again; its log may say why")]
    Unavailable,
}

impl LoginError {
    /// What programs match on.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidCredentials | Self::NoLogins => "INVALID_CREDENTIALS",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}
