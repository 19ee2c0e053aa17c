//! What a client logs in with, and what it has then.

use std::{fmt, time::SystemTime};

/// What a client logs in with. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A user's name and password.
    Password {
        /// Who.
        username: String,
        /// The proof.
        password: String,
    },
    /// A token that was handed out before.
    Token(String),
}

impl Credentials {
    /// A user's name and password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: password.into() }
    }

    /// A token that was handed out before.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(token.into())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Credentials(password)",
            Self::Token(_) => "Credentials(token)",
        })
    }
}

/// Who a client is logged in as.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The id of who is acting.
    pub user_id: String,
    /// The roles the server says they have.
    pub roles: Vec<String>,
    /// A token to log in with the next time, where the server hands one out.
    pub token: Option<String>,
    /// When the login ends by itself, if it does.
    pub expires_at: Option<SystemTime>,
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn")
            .field("user_id", &self.user_id)
            .field("roles", &self.roles)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
