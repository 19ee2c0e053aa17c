//! Logging in: what a client shows, what a server makes of it, and how both travel.
//!
//! A login belongs to the connection. A client whose connection is lost logs in again on the next
//! one, with what it was given, before anybody hears that it is connected.

mod authenticator;
mod credentials;
#[cfg(any(feature = "password", feature = "jwt"))]
mod digest;
#[cfg(feature = "jwt")]
pub(crate) mod jwt;
#[cfg(feature = "password")]
pub(crate) mod password;
pub(crate) mod wire;

pub use authenticator::{Authenticator, Login, LoginError};
pub use credentials::{Credentials, LoggedIn};
