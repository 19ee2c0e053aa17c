//! `$login` and its answer, as they travel. A login that fails is an answer: `success` is false.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mb_core::{Fault, FaultKind, WireError};
use serde::{Deserialize, Serialize};

use super::{Credentials, LoggedIn, Login, LoginError};

#[derive(Serialize, Deserialize, Default)]
pub(crate) struct Request {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Whoever was logged in before is not any more, whatever comes of this.
    #[serde(default, rename = "orNobody", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) or_nobody: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    success: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<WireError>,
}

#[derive(Serialize, Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    roles: Vec<String>,
}

impl Request {
    pub(crate) fn new(credentials: &Credentials) -> Self {
        match credentials.clone() {
            Credentials::Password { username, password } => {
                Self { username: Some(username), password: Some(password), ..Self::default() }
            }
            Credentials::Token(token) => Self { token: Some(token), ..Self::default() },
        }
    }

    pub(crate) fn credentials(self) -> Result<Credentials, Fault> {
        match self {
            Self { token: Some(token), .. } => Ok(Credentials::Token(token)),
            Self { username: Some(username), password: Some(password), .. } => {
                Ok(Credentials::Password { username, password })
            }
            _ => {
                let reason = "$login takes a username and a password, or a token";
                Err(Fault::new(FaultKind::ValidationFailed, reason))
            }
        }
    }
}

impl Response {
    pub(crate) fn of(login: &Login, username: Option<String>) -> Self {
        let actor = &login.actor;
        let since_epoch = login.expires_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Self {
            success: true,
            token: login.token.clone(),
            expires_at: since_epoch.map(|at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX)),
            user: Some(User {
                id: actor.id.clone(),
                username: username.unwrap_or_else(|| actor.id.clone()),
                roles: actor.roles.clone(),
            }),
            error: None,
        }
    }

    pub(crate) fn refused(error: LoginError) -> Self {
        let error = WireError {
            code: error.code().to_owned(),
            message: error.to_string(),
            details: None,
            status: Some(if error == LoginError::Unavailable { 503 } else { 401 }),
            retryable: Some(error == LoginError::Unavailable),
        };
        Self { success: false, token: None, expires_at: None, user: None, error: Some(error) }
    }

    pub(crate) fn logged_in(self) -> Result<LoggedIn, Fault> {
        match self {
            Self { success: true, token, expires_at, user, .. } => Ok(LoggedIn {
                user_id: user.as_ref().map(|user| user.id.clone()).unwrap_or_default(),
                roles: user.map(|user| user.roles).unwrap_or_default(),
                token,
                expires_at: expires_at
                    .and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at))),
            }),
            Self { error: Some(error), .. } => Err(Fault::from_wire(error)),
            Self { error: None, .. } => {
                let reason = "the server refused the login, and did not say why";
                Err(Fault::new(FaultKind::AuthenticationRequired, reason))
            }
        }
    }
}
