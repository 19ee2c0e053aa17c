//! JSON Web Tokens (RFC 7519), as an authenticator: made elsewhere, verified here.
//!
//! Everything is checked that there is to check: signature, algorithm, issuer, audience, time. Which
//! algorithm counts is up to the key, never to the token, and so is which issuer.

mod claims;
mod keys;
mod revoked;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use jsonwebtoken::{Validation, crypto::rust_crypto, decode, decode_header, errors::ErrorKind};
use serde_json::{Map, Value};

pub use self::keys::{JwtKeys, JwtKeysError};
use self::{claims::Claims, keys::Key, revoked::Revoked};
use super::{
    Authenticator, Credentials, Login, LoginError,
    digest::{Digest, digest},
};

/// How far two clocks may be apart at most: an hour.
const LONGEST_LEEWAY: Duration = Duration::from_secs(60 * 60);

/// How many logouts are remembered, of some 100 bytes each.
const REVOKED: usize = 100_000;

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Verifies JSON Web Tokens, for a server to ask:
/// `Jwt::new(JwtKeys::jwks_file("jwks.json")?, "https://login.example", "orders")`.
///
/// A token is signed by one of the keys, with HS256, RS256 or EdDSA, whichever that key is for; is of
/// this issuer (`iss`) and for this audience (`aud`); has not expired (`exp`), nor begins later (`nbf`);
/// and says who it is about (`sub`), which is the id of the actor. Whatever lacks one of these is refused
/// with `INVALID_TOKEN`, or `TOKEN_EXPIRED`. A `sub` is unique at its issuer only: see
/// [`issuer`](Self::issuer) for several.
///
/// The login ends with the token. A logout makes the token good for nothing until then: by its `jti`
/// where it has one, which is known to this value, and so to one process. Nobody logs in with a password.
pub struct Jwt {
    issuers: Vec<Issuer>,
    audiences: Vec<String>,
    leeway: Duration,
    claims: Claims,
    revoked: Mutex<Revoked>,
}

/// Who signs tokens, and by which keys.
struct Issuer {
    name: String,
    keys: JwtKeys,
    /// What its users' ids begin with.
    prefix: String,
}

/// What a token says, once it is verified.
struct Verified {
    claims: Map<String, Value>,
    /// The actor's.
    id: String,
    /// Unix seconds, with the leeway.
    ends: u64,
    /// What it is known by, when it is revoked.
    name: Digest,
}

impl Jwt {
    /// Verifies tokens by these keys, of this issuer, for this audience.
    pub fn new(keys: JwtKeys, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        // Where the program has chosen another provider, that one counts. Where it has enabled several
        // and chosen none, jsonwebtoken would panic.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        Self {
            issuers: vec![Issuer { name: issuer.into(), keys, prefix: String::new() }],
            audiences: vec![audience.into()],
            leeway: Duration::from_secs(60),
            claims: Claims::default(),
            revoked: Mutex::new(Revoked::new(REVOKED)),
        }
    }

    /// Another issuer, with keys of its own: no key is good for the tokens of two.
    ///
    /// The `ann` of two issuers are two people. The ids of this one's begin with `prefix`: with
    /// `"partner:"` its `ann` is the actor `partner:ann`, and nobody else is, as another issuer's token
    /// with such a `sub` is refused. An empty prefix, or that of another issuer, says that both mean the
    /// same people. What a token says of roles counts, whoever of them has signed it.
    #[must_use]
    pub fn issuer(
        mut self,
        keys: JwtKeys,
        issuer: impl Into<String>,
        prefix: impl Into<String>,
    ) -> Self {
        self.issuers.push(Issuer { name: issuer.into(), keys, prefix: prefix.into() });
        self
    }

    /// Another audience that tokens may be for.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far the issuer's clock may be off: 60 s unless set, in whole seconds, an hour at most. A
    /// login ends that much later than its token says.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(LONGEST_LEEWAY);
        self
    }

    /// Which claim holds the roles: `roles` unless set. A path begins with a slash:
    /// `/realm_access/roles`. It is a list of texts, or one text with blanks between the roles. They are
    /// taken as they are: a contract's roles are in kebab-case.
    #[must_use]
    pub fn roles_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.roles = name.into();
        self
    }

    /// Which claim holds permissions, `scope` say: none, unless set. As for the roles. Whoever signs
    /// the tokens may then also say who is a gateway: see [`Actor::ACT_FOR`](mb_core::Actor::ACT_FOR).
    #[must_use]
    pub fn permissions_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.permissions = Some(name.into());
        self
    }

    /// Which claim says what kind of actor it is: none unless set, and everybody is a `user`.
    #[must_use]
    pub fn kind_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.kind = Some(name.into());
        self
    }

    /// Adds a claim to what the actor has as metadata.
    #[must_use]
    pub fn metadata_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.metadata.push(name.into());
        self
    }

    /// How many logged out tokens are remembered: 100,000 unless set. Of more, those that end first are
    /// forgotten, which is in the log.
    #[must_use]
    pub fn max_revoked(self, tokens: usize) -> Self {
        self.revoked().set_most(tokens);
        self
    }

    fn revoked(&self) -> MutexGuard<'_, Revoked> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, token: &str) -> Result<Verified, LoginError> {
        if token.len() > LONGEST_TOKEN {
            return Err(LoginError::InvalidToken);
        }
        let header = decode_header(token).map_err(|_| LoginError::InvalidToken)?;
        // What an extension says that has to be understood, nobody here understands (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(LoginError::InvalidToken);
        }
        let (mut why, mut reason) = (LoginError::InvalidToken, None);
        for issuer in &self.issuers {
            for key in issuer.keys.for_token(header.alg, header.kid.as_deref()) {
                match self.by_key(token, key, issuer) {
                    Ok(claims) => return self.verified(token, claims, issuer),
                    Err(error) => {
                        // Only whoever has the key learns that its token was good once.
                        if matches!(error.kind(), ErrorKind::ExpiredSignature) {
                            why = LoginError::TokenExpired;
                        }
                        reason = Some(error);
                    }
                }
            }
        }
        let reason = reason.map_or_else(|| "no key fits it".to_owned(), |error| error.to_string());
        tracing::debug!(alg = ?header.alg, kid = ?header.kid, reason, "a token was refused");
        Err(why)
    }

    fn by_key(
        &self,
        token: &str,
        key: &Key,
        issuer: &Issuer,
    ) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&issuer.name]);
        validation.set_audience(&self.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        decode(token, &key.key, &validation).map(|token| token.claims)
    }

    fn verified(
        &self,
        token: &str,
        claims: Map<String, Value>,
        issuer: &Issuer,
    ) -> Result<Verified, LoginError> {
        let ends = claims.get("exp").and_then(seconds).ok_or(LoginError::InvalidToken)?;
        let text = |name| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("sub").and_then(|sub| self.actor_id(issuer, sub));
        let name = match text("jti") {
            Some(id) => digest(&["jti", &issuer.name, id]),
            // What is signed, and not the signature: that may be written in several ways.
            None => digest(&["token", token.rsplit_once('.').map_or(token, |(signed, _)| signed)]),
        };
        let ends = ends.saturating_add(self.leeway.as_secs());
        Ok(Verified { id: id.ok_or(LoginError::InvalidToken)?, ends, name, claims })
    }

    /// Who it is at this issuer; nobody, where that is the id of somebody at another.
    fn actor_id(&self, issuer: &Issuer, sub: &str) -> Option<String> {
        let id = format!("{}{sub}", issuer.prefix);
        // An id is of the issuer with the longest prefix that it begins with.
        let is_of = |other: &Issuer| {
            other.prefix.len() > issuer.prefix.len() && id.starts_with(&other.prefix)
        };
        let is_anothers = self.issuers.iter().any(is_of);
        (!is_anothers).then_some(id)
    }
}

/// A time of JWT: seconds since 1970, maybe with a fraction.
fn seconds(claim: &Value) -> Option<u64> {
    let whole = claim.as_u64();
    // Not beyond what fits: a cast of a float saturates.
    whole.or_else(|| claim.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64))
}

#[async_trait]
impl Authenticator for Jwt {
    async fn login(&self, credentials: Credentials) -> Result<Login, LoginError> {
        match credentials {
            Credentials::Token(token) => self.verify(&token).await,
            Credentials::Password { .. } => Err(LoginError::InvalidCredentials),
        }
    }

    async fn verify(&self, token: &str) -> Result<Login, LoginError> {
        let Verified { claims, id, ends, name } = self.read(token)?;
        if self.revoked().has(&name) {
            return Err(LoginError::InvalidToken);
        }
        let actor = self.claims.actor(id, &claims);
        let expires_at = UNIX_EPOCH.checked_add(Duration::from_secs(ends));
        Ok(Login { actor: Arc::new(actor), token: Some(token.to_owned()), expires_at })
    }

    async fn logout(&self, login: &Login) {
        // One that has expired meanwhile needs no revoking.
        let Some(Ok(Verified { ends, name, .. })) = login.token.as_deref().map(|t| self.read(t))
        else {
            return;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.revoked().add(name, ends, now.as_secs());
    }
}

/// Whose tokens, and for whom; no key.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("issuers", &self.issuers)
            .field("audiences", &self.audiences)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("name", &self.name)
            .field("prefix", &self.prefix)
            .field("keys", &self.keys)
            .finish()
    }
}
