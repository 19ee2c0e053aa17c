//! Why there are no users.

use std::{io, path::PathBuf};

/// Why there are no users. Passwords and hashes are never in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not as it should be.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What was found, or expected.
        reason: String,
    },
    /// A user's hash is none.
    #[error("the password hash of `{username}` {reason}")]
    Hash {
        /// Whose.
        username: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two users have the same name, or one has none.
    #[error("`{username}` is no name for a user: it is empty, or somebody else's")]
    Name {
        /// Which.
        username: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
