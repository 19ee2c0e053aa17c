//! Who may log in, and as what.

use magicbutton::{
    Actor,
    auth::{Credentials, Login, LoginError},
};

use crate::contract::{orders, products};

/// Everybody's. A real shop asks somebody who knows more.
const PASSWORD: &str = "open sesame";

/// What somebody logs in with who is of this role, and called like it.
pub fn credentials(role: impl ToString) -> Credentials {
    Credentials::password(role.to_string(), PASSWORD)
}

/// Who that is.
pub fn authenticate(credentials: Credentials) -> Result<Login, LoginError> {
    let Credentials::Password { username, password } = credentials else {
        return Err(LoginError::InvalidToken);
    };
    let is_role =
        username.parse::<orders::Role>().is_ok() || username.parse::<products::Role>().is_ok();
    if !is_role || password != PASSWORD {
        return Err(LoginError::InvalidCredentials);
    }
    let roles = vec![username.clone()];
    Ok(Login::new(Actor { roles, ..Actor::new(username) }))
}
