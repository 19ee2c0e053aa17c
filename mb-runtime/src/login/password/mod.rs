//! Users with passwords, as an authenticator: from a file or from memory, hashed with Argon2, and with
//! tokens to log in again.
//!
//! Who there is shows in nothing: an unknown name costs the same check as a known one, against a hash of
//! no password. Checks run beside the tasks, a few at a time, and only so many wait.

mod error;
mod file;
mod hashes;
mod tokens;

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::available_parallelism,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use mb_core::Actor;
use tokio::{runtime::Handle, sync::Semaphore, time::Instant};

pub use self::{error::UsersError, hashes::hash_password};
use self::{
    hashes::Hash,
    tokens::{Expired, Tokens},
};
use super::{Authenticator, Credentials, Login, LoginError};

/// How many logins wait for others to be checked.
const WAITING: usize = 1024;

/// Users and the hashes of their passwords, for a server to ask:
/// `Server::builder().authenticator(Users::from_file("users.json")?)`.
///
/// ```json
/// { "users": [ { "username": "ann", "passwordHash": "$argon2id$v=19$..", "roles": ["customer"] } ] }
/// ```
///
/// Each may also have an `id` (the user's name, unless said), a `type` (`user`), `permissions` and
/// `metadata`: what its [`Actor`] has. [`hash_password`] makes the hashes; so does the `argon2` command.
/// Let all of them have the same parameters: a name that nobody has costs as much as the first one's.
///
/// A login by password hands out a token for the next one: 256 random bits, good for twelve hours and
/// until its logout. Of a token only a hash is kept, and a user has sixteen at most. Tokens are known to
/// this value, and so to one process: clients fall back to the password elsewhere.
pub struct Users {
    known: HashMap<String, User>,
    /// Checked where there is no such user.
    nobody: Option<Hash>,
    lifetime: Duration,
    tokens_per_user: usize,
    tokens: Mutex<Tokens>,
    /// The right to check a password.
    checks: Arc<Semaphore>,
    waiting: AtomicUsize,
    checked: AtomicU64,
}

struct User {
    actor: Arc<Actor>,
    hash: Hash,
}

impl Users {
    /// Nobody yet.
    pub fn new() -> Self {
        let at_once = available_parallelism().map_or(1, |cores| cores.get());
        Self {
            known: HashMap::new(),
            nobody: None,
            lifetime: Duration::from_secs(12 * 60 * 60),
            tokens_per_user: 16,
            tokens: Mutex::default(),
            checks: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            checked: AtomicU64::new(0),
        }
    }

    /// Those of a file, in JSON.
    ///
    /// # Errors
    /// See [`UsersError`]: it says which file and line, or which user.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, UsersError> {
        file::read(path.as_ref())
    }

    /// Those of a text, as a file would have it.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_json(text: &str) -> Result<Self, UsersError> {
        file::parse(text, None)
    }

    /// Adds a user with the hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`UsersError::Hash`] and [`UsersError::Name`].
    pub fn user(
        mut self,
        username: impl Into<String>,
        hash: &str,
        actor: Actor,
    ) -> Result<Self, UsersError> {
        let username = username.into();
        if username.is_empty() || self.known.contains_key(&username) {
            return Err(UsersError::Name { username });
        }
        let hash = match Hash::parse(hash) {
            Ok(hash) => hash,
            Err(reason) => return Err(UsersError::Hash { username, reason }),
        };
        if self.known.is_empty() {
            self.nobody = Some(Hash::of_nobody(Some(&hash))?);
        }
        self.known.insert(username, User { actor: Arc::new(actor), hash });
        Ok(self)
    }

    /// How long a token is good for: twelve hours unless set.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How many tokens a user may have: 16 unless set, at least 1. One more takes the place of the
    /// oldest.
    #[must_use]
    pub fn tokens_per_user(mut self, tokens: usize) -> Self {
        self.tokens_per_user = tokens.max(1);
        self
    }

    /// How many passwords are checked at once: as many as there are processors unless set, at least 1.
    /// Each check takes a thread and, by the usual parameters, 19 MiB. 1024 are under way or wait; one more
    /// is answered `UNAVAILABLE`.
    #[must_use]
    pub fn checks_at_once(mut self, checks: usize) -> Self {
        self.checks = Arc::new(Semaphore::new(checks.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// How many passwords have been checked, right or wrong, of users that there are or not: for a
    /// metric.
    pub fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a password against a hash, when it is its turn, on a thread where that may take its time.
    async fn check(&self, hash: Hash, password: String) -> Result<bool, LoginError> {
        let runtime = Handle::try_current().map_err(|_| LoginError::Unavailable)?;
        let _waiting = Waiting::new(&self.waiting).ok_or(LoginError::Unavailable)?;
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let turn = turn.map_err(|_| LoginError::Unavailable)?;
        self.checked.fetch_add(1, Ordering::Relaxed);
        let checked = runtime.spawn_blocking(move || {
            let is_right = hash.is_of(&password);
            // Kept to here: a client that leaves meanwhile makes no room for another check.
            drop(turn);
            is_right
        });
        checked.await.map_err(|_| LoginError::Unavailable)
    }

    /// A login by password, with a token for the next.
    fn log_in(&self, username: &str, actor: &Arc<Actor>) -> Result<Login, LoginError> {
        let token = tokens::random().map_err(|_| LoginError::Unavailable)?;
        // What no clock can tell is no lifetime: a year has to do.
        let now = Instant::now();
        let ends = now.checked_add(self.lifetime).unwrap_or(now + YEAR);
        self.tokens().add(&token, username, ends, self.tokens_per_user);
        Ok(login(actor, token, ends))
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn login(actor: &Arc<Actor>, token: String, ends: Instant) -> Login {
    let left = ends.saturating_duration_since(Instant::now());
    let expires_at = SystemTime::now().checked_add(left);
    Login { actor: Arc::clone(actor), token: Some(token), expires_at }
}

#[async_trait]
impl Authenticator for Users {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        let (username, password) = match credentials {
            Credentials::Password { username, password } => (username, password),
            Credentials::Token(token) => return self.verify(&token).await,
        };
        let user = self.known.get(&username);
        // One way for all: who there is takes no longer, and no shorter, than who there is not.
        let hash = match user.map(|user| &user.hash).or(self.nobody.as_ref()) {
            Some(hash) => hash.clone(),
            None => Hash::of_nobody(None).map_err(|_| LoginError::Unavailable)?,
        };
        let is_right = self.check(hash, password).await?;
        match user.filter(|_| is_right) {
            Some(user) => self.log_in(&username, &user.actor),
            None => Err(LoginError::InvalidCredentials),
        }
    }

    async fn verify(&self, token: &str) -> Result<Login, LoginError> {
        let found = self.tokens().find(token);
        let (username, ends) = match found {
            Some(Ok(found)) => found,
            Some(Err(Expired)) => return Err(LoginError::TokenExpired),
            None => return Err(LoginError::InvalidToken),
        };
        let user = self.known.get(&username).ok_or(LoginError::InvalidToken)?;
        Ok(login(&user.actor, token.to_owned(), ends))
    }

    async fn logout(&self, login: &Login) {
        if let Some(token) = &login.token {
            self.tokens().revoke(token);
        }
    }
}

/// One of those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Option<Self> {
        let room = |waiting: usize| (waiting < WAITING).then_some(waiting + 1);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Default for Users {
    fn default() -> Self {
        Self::new()
    }
}

/// How many there are, and nothing of them.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("users", &self.known.len()).finish_non_exhaustive()
    }
}
