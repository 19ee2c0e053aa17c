//! Password hashes: read, made, and checked. Argon2 in the PHC string format,
//! `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` (RFC 9106).

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};

use super::UsersError;

/// The hash of one password. Never shown.
#[derive(Clone)]
pub(super) struct Hash(PasswordHash);

/// As OWASP recommends, and as [`hash_password`] makes them: 19 MiB, two passes.
const DEFAULT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes a password, for the file or the database that [`Users`](super::Users) are read from: Argon2id
/// with a salt of its own, 19 MiB and two passes. It takes some 20 ms of a processor, so not in a task.
///
/// # Errors
/// [`UsersError::Random`] where the system gives no randomness.
pub fn hash_password(password: &str) -> Result<String, UsersError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| UsersError::Random)?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| UsersError::Random)
}

impl Hash {
    /// Reads one. What is wrong is told without it: somebody may have written the password itself.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let hash = PasswordHash::new(text).map_err(|_| "is no PHC string: $argon2id$..")?;
        Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| "is not of Argon2")?;
        Params::try_from(&hash).map_err(|_| "has parameters that Argon2 does not take")?;
        if let Some(version) = hash.version {
            Version::try_from(version)
                .map_err(|_| "is of a version of Argon2 that there is not")?;
        }
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err("lacks its salt, or the hash itself");
        }
        Ok(Self(hash))
    }

    /// A hash that costs as much to check as this one, and that is of no password.
    pub(super) fn of_nobody(like: Option<&Self>) -> Result<Self, UsersError> {
        let mut hash = match like {
            Some(like) => like.0.clone(),
            None => Self::parse(DEFAULT).map_err(|_| UsersError::Random)?.0,
        };
        let mut random = [0; Output::MAX_LENGTH];
        getrandom::fill(&mut random).map_err(|_| UsersError::Random)?;
        let (salt, output) = random.split_at(16);
        let length = hash.hash.as_ref().map_or(32, Output::len).min(output.len());
        hash.salt = Salt::new(salt).ok();
        hash.hash = output.get(..length).and_then(|output| Output::new(output).ok());
        Ok(Self(hash))
    }

    /// Whether it is the hash of this password. Slow on purpose: never in a task.
    pub(super) fn is_of(&self, password: &str) -> bool {
        Argon2::default().verify_password(password.as_bytes(), &self.0).is_ok()
    }
}
