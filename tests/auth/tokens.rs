//! Tokens, good and bad. The keys were made for these tests, and guard nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use magicbutton::auth::{Jwt, JwtKeys};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://login.example";
pub const AUDIENCE: &str = "vault";
pub const SECRET: &[u8] = b"a secret of at least thirty-two bytes";
pub const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
pub const ED25519_PUBLIC: &str = include_str!("keys/ed25519.pub.pem");

/// `{"alg":"none","typ":"JWT"}`.
pub const NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What a good token says: it is ann's, who reads, and good for an hour.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now() + 3600, "roles": ["reader"],
    })
}

pub fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

pub fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(include_bytes!("keys/rsa.der"))
}

pub fn other_rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(include_bytes!("keys/other.rsa.der"))
}

pub fn ed25519() -> EncodingKey {
    EncodingKey::from_ed_der(include_bytes!("keys/ed25519.der"))
}

pub fn secret() -> EncodingKey {
    EncodingKey::from_secret(SECRET)
}

pub fn sign(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    // A server with one key does not look at its name; one with several does.
    let header = Header { kid: Some("rsa".to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}

pub fn hs256(claims: &Value) -> String {
    sign(Algorithm::HS256, &secret(), claims)
}

pub fn rs256(claims: &Value) -> String {
    sign(Algorithm::RS256, &rsa(), claims)
}

pub fn of_secret() -> Jwt {
    Jwt::new(JwtKeys::hs256(SECRET).unwrap(), ISSUER, AUDIENCE)
}

pub fn of_rsa() -> Jwt {
    Jwt::new(JwtKeys::rs256_pem(RSA_PUBLIC).unwrap(), ISSUER, AUDIENCE)
}

/// The public keys as a set; one of a kind that is not for us among them.
pub fn jwks() -> String {
    let jwk = |key: &EncodingKey, algorithm, id: &str| {
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(key, algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = id.into();
        jwk
    };
    let keys = json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA" },
        jwk(&rsa(), Algorithm::RS256, "rsa"),
        jwk(&other_rsa(), Algorithm::RS256, "old"),
        jwk(&ed25519(), Algorithm::EdDSA, "ed"),
    ] });
    keys.to_string()
}
