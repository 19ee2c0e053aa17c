//! The keys that tokens are verified with. Each goes with one algorithm, whatever a token says of its
//! own: so nobody signs with a public key, or not at all.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::rust_crypto,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

/// The shortest secret for HS256, in bytes: as long as its hash (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// The shortest RSA modulus, in bytes: 2048 bits (RFC 7518, 3.3).
const SHORTEST_MODULUS: usize = 256;

/// The longest, in bytes: 4096 bits, beyond which verifying takes too long.
const LONGEST_MODULUS: usize = 512;

/// The keys that [`Jwt`](super::Jwt) verifies tokens with. Never shown by `Debug`.
#[derive(Clone)]
pub struct JwtKeys(Vec<Key>);

#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Why there are no keys. No part of a key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeysError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is no set of keys, as RFC 7517 has it.
    #[error("{}line {line}, column {column}: this is no JSON Web Key Set, which is {{\"keys\": [..]}}", of_file(.path))]
    Malformed {
        /// The file, where it is one.
        path: Option<PathBuf>,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// One key cannot be used.
    #[error("key {which}: {reason}")]
    Key {
        /// Its id, or its place in its set.
        which: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A set has no key for RS256 or EdDSA.
    #[error("there is no key for RS256 or EdDSA in the set")]
    NoKeys,
}

fn of_file(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()))
}

impl JwtKeys {
    /// HS256, by a secret that is shared with whoever signs: at least 32 bytes, and random ones.
    ///
    /// # Errors
    /// [`JwtKeysError::Key`] where it is shorter.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, JwtKeysError> {
        let secret = secret.as_ref();
        if secret.len() < SHORTEST_SECRET {
            return Err(unusable("HS256", "a secret has at least 32 bytes"));
        }
        Ok(Self::one(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// RS256, by a public key in PEM, of 2048 to 4096 bits.
    ///
    /// # Errors
    /// [`JwtKeysError::Key`] where it is none.
    pub fn rs256_pem(pem: impl AsRef<[u8]>) -> Result<Self, JwtKeysError> {
        let key = DecodingKey::from_rsa_pem(pem.as_ref())
            .map_err(|_| unusable("RS256", "this is no RSA public key in PEM"))?;
        check_rsa(&key).map_err(|reason| unusable("RS256", reason))?;
        Ok(Self::one(Algorithm::RS256, key))
    }

    /// EdDSA, by an Ed25519 public key in PEM.
    ///
    /// # Errors
    /// [`JwtKeysError::Key`] where it is none.
    pub fn eddsa_pem(pem: impl AsRef<[u8]>) -> Result<Self, JwtKeysError> {
        let key = DecodingKey::from_ed_pem(pem.as_ref())
            .map_err(|_| unusable("EdDSA", "this is no Ed25519 public key in PEM"))?;
        check_ed25519(&key).map_err(|reason| unusable("EdDSA", reason))?;
        Ok(Self::one(Algorithm::EdDSA, key))
    }

    /// A JSON Web Key Set (RFC 7517): its RSA keys for RS256, and its Ed25519 keys for EdDSA. Others in
    /// it are passed over, as the standard has it: those of other kinds, for other algorithms, or for
    /// encryption.
    ///
    /// # Errors
    /// See [`JwtKeysError`].
    pub fn jwks(text: &str) -> Result<Self, JwtKeysError> {
        let set: JwkSet = serde_json::from_str(text).map_err(|error| JwtKeysError::Malformed {
            path: None,
            line: error.line(),
            column: error.column(),
        })?;
        let keys = set.keys.iter().enumerate().filter_map(|(place, key)| {
            let which = || key.common.key_id.clone().unwrap_or_else(|| format!("#{}", place + 1));
            let read = of_set(key)?;
            Some(read.map_err(|reason| JwtKeysError::Key { which: which(), reason }))
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(JwtKeysError::NoKeys) } else { Ok(Self(keys)) }
    }

    /// The same, from a file. It is read once.
    ///
    /// # Errors
    /// See [`JwtKeysError`].
    pub fn jwks_file(path: impl AsRef<Path>) -> Result<Self, JwtKeysError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| JwtKeysError::Unreadable { path: path.to_owned(), source })?;
        Self::jwks(&text).map_err(|error| match error {
            JwtKeysError::Malformed { line, column, .. } => {
                JwtKeysError::Malformed { path: Some(path.to_owned()), line, column }
            }
            other => other,
        })
    }

    /// These, and others: while old keys are still in use.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    fn one(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self(vec![Key { id: None, algorithm, key }])
    }

    /// Those that a token of this algorithm may be signed with: the one that it names, where it names
    /// one that is known by name; else those that have none.
    pub(super) fn for_token<'a>(
        &'a self,
        algorithm: Algorithm,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        self.0.iter().filter(move |key| {
            let is_meant = match (key.id.as_deref(), id) {
                (Some(own), Some(named)) => own == named,
                // It is up to the token to say which it is.
                (Some(_), None) => self.0.len() == 1,
                (None, _) => true,
            };
            key.algorithm == algorithm && is_meant
        })
    }
}

/// What is wrong with a key, if anything.
type Check = fn(&DecodingKey) -> Result<(), &'static str>;

/// A key of a set; `None` where it is not for us.
fn of_set(jwk: &Jwk) -> Option<Result<Key, &'static str>> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let (algorithm, check): (_, Check) = match (&jwk.algorithm, jwk.common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::RS256)) => {
            (Algorithm::RS256, check_rsa)
        }
        (AlgorithmParameters::OctetKeyPair(pair), None | Some(KeyAlgorithm::EdDSA))
            if pair.curve == EllipticCurve::Ed25519 =>
        {
            (Algorithm::EdDSA, check_ed25519)
        }
        _ => return None,
    };
    let key = DecodingKey::from_jwk(jwk).map_err(|_| "it is not in base64url");
    Some(key.and_then(|key| {
        check(&key)?;
        Ok(Key { id: jwk.common.key_id.clone(), algorithm, key })
    }))
}

fn check_rsa(key: &DecodingKey) -> Result<(), &'static str> {
    let length = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => n.len(),
        DecodingKeyKind::SecretOrDer(der) => {
            let utils = &rust_crypto::DEFAULT_PROVIDER.key_utils;
            let (modulus, _) = (utils.rsa_pub_components_from_public_key)(der)
                .map_err(|_| "this is no RSA public key")?;
            modulus.len()
        }
    };
    match length {
        SHORTEST_MODULUS..=LONGEST_MODULUS => Ok(()),
        _ => Err("an RSA key has 2048 to 4096 bits"),
    }
}

/// What jsonwebtoken would panic about later.
fn check_ed25519(key: &DecodingKey) -> Result<(), &'static str> {
    match key.try_get_as_bytes() {
        Ok(key) if key.len() == 32 => Ok(()),
        _ => Err("an Ed25519 public key has 32 bytes"),
    }
}

fn unusable(which: &str, reason: &'static str) -> JwtKeysError {
    JwtKeysError::Key { which: which.to_owned(), reason }
}

/// How many there are, and nothing of them.
impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKeys").field("keys", &self.0.len()).finish_non_exhaustive()
    }
}
