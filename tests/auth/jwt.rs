//! JSON Web Tokens that are good, and what they come to.

use std::{path::PathBuf, time::Duration};

use jsonwebtoken::{Algorithm, Header, encode};
use magicbutton::{
    Client, Server,
    auth::{Authenticator, Credentials, Jwt, JwtKeys, JwtKeysError, LoginError},
};
use serde_json::json;

use crate::{log_in, serving, tokens::*, told, vault, ways};

async fn started(name: &str, jwt: Jwt) -> Server {
    let server = serving().authenticator(jwt).bind(format!("memory://{name}"));
    server.bind("ws://127.0.0.1:0/vault").start().await.unwrap()
}

#[tokio::test]
async fn a_token_of_each_algorithm_lets_its_owner_in() {
    let ed = JwtKeys::eddsa_pem(ED25519_PUBLIC).unwrap();
    let set = || JwtKeys::jwks(&jwks()).unwrap();
    let named = |algorithm, key: &_, id: &str| {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
        encode(&header, &claims(), key).unwrap()
    };
    let of = |keys| Jwt::new(keys, ISSUER, AUDIENCE);
    for (name, jwt, token) in [
        ("hs256", of_secret(), hs256(&claims())),
        ("rs256", of_rsa(), rs256(&claims())),
        ("eddsa", of(ed), sign(Algorithm::EdDSA, &ed25519(), &claims())),
        ("jwks-rsa", of(set()), named(Algorithm::RS256, &rsa(), "rsa")),
        ("jwks-ed", of(set()), named(Algorithm::EdDSA, &ed25519(), "ed")),
        ("both", of(set().and(JwtKeys::hs256(SECRET).unwrap())), hs256(&claims())),
    ] {
        let server = started(name, jwt).await;
        for way in ways(&server) {
            let client = log_in(&way, Credentials::token(token.clone())).await;
            assert_eq!(client.whoami().await.unwrap(), "ann", "{name} over {way}");
            assert_eq!(told(client.read().await), "yes");
            assert_eq!(told(client.shift().await), "F");
        }
    }
}

#[tokio::test]
async fn which_claims_mean_what_is_up_to_the_server() {
    let jwt = of_secret()
        .roles_claim("/realm_access/roles")
        .permissions_claim("https://vault.example/scope")
        .kind_claim("typ")
        .metadata_claim("tenant")
        .metadata_claim("absent");
    let claims = json!({
        "iss": [ISSUER], "aud": ["other", AUDIENCE], "sub": "ann", "exp": now() as f64 + 60.5,
        "nbf": now(), "typ": "service", "tenant": "acme", "roles": ["keeper"],
        "realm_access": { "roles": ["reader", 7, "Keeper"] },
        "https://vault.example/scope": "gold:weigh  gold:read",
    });
    let login = jwt.verify(&hs256(&claims)).await.unwrap();
    let actor = &*login.actor;
    assert_eq!((actor.id.as_str(), actor.kind.as_str()), ("ann", "service"));
    assert_eq!(actor.roles, ["reader", "Keeper"]);
    assert_eq!(actor.permissions, ["gold:weigh", "gold:read"]);
    assert_eq!(serde_json::to_value(&actor.metadata).unwrap(), json!({ "tenant": "acme" }));
    let server = started("claims", jwt).await;
    let client = log_in("memory://claims", Credentials::token(hs256(&claims))).await;
    assert_eq!(client.whoami().await.unwrap(), "ann@acme");
    drop(server);
    // What is no list of texts gives nothing.
    for roles in [json!(7), json!(null), json!({ "keeper": true }), json!([["keeper"]])] {
        let login = of_secret().verify(&hs256(&with("roles", roles))).await.unwrap();
        assert_eq!(login.actor.roles, [] as [&str; 0]);
    }
    let login = of_secret().verify(&hs256(&with("roles", json!("reader keeper")))).await.unwrap();
    assert_eq!(login.actor.roles, ["reader", "keeper"]);
}

#[tokio::test(start_paused = true)]
async fn a_login_ends_with_its_token() {
    let jwt = of_secret().leeway(Duration::from_secs(30));
    let _server = serving().authenticator(jwt).bind("memory://ends").start().await.unwrap();
    let token = hs256(&with("exp", (now() + 60).into()));
    let client = log_in("memory://ends", Credentials::token(token.clone())).await;
    let logged_in = client.client().logged_in().unwrap();
    assert_eq!((logged_in.user_id.as_str(), &*logged_in.roles), ("ann", &["reader".into()][..]));
    let mut items = client.watch();
    items.next().await.unwrap().unwrap();
    let begun = tokio::time::Instant::now();
    assert_eq!(told(items.next().await.unwrap()), "A");
    let lasted = begun.elapsed().as_secs();
    assert!((87..=91).contains(&lasted), "its minute, and what clocks may differ: {lasted}");
    assert_eq!(told(client.read().await), "A");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(client.client().logged_in(), None, "the client knows it too");
    // The other clock, which does not stand still, has it that the token is still good.
    client.client().login(Credentials::token(token)).await.unwrap();
}

#[tokio::test]
async fn whoever_logs_out_takes_the_token_along() {
    let server = started("revoked", of_secret()).await;
    let refused = async |way: &str, token: &str| {
        let client = Client::connect(way).await.unwrap();
        client.login(Credentials::token(token)).await.unwrap_err().code().to_owned()
    };
    for way in ways(&server) {
        let plain = hs256(&with("nonce", way.as_str().into()));
        let client = log_in(&way, Credentials::token(plain.clone())).await;
        client.client().logout().await.unwrap();
        assert_eq!(told(client.read().await), "A");
        assert_eq!(refused(&way, &plain).await, "INVALID_TOKEN");
        // By its id: whatever else a token of that id says.
        let jti = format!("id of {way}");
        let mut claims = with("jti", jti.into());
        let client = log_in(&way, Credentials::token(hs256(&claims))).await;
        client.client().logout().await.unwrap();
        claims["roles"] = json!(["keeper"]);
        assert_eq!(refused(&way, &hs256(&claims)).await, "INVALID_TOKEN");
        // Others are as good as ever.
        log_in(&way, Credentials::token(hs256(&claims_of("bob")))).await.read().await.unwrap();
    }
}

fn claims_of(sub: &str) -> serde_json::Value {
    with("sub", sub.into())
}

const PARTNER: &str = "https://partner.example";

/// Tokens of the one are signed with a secret, those of the other with RSA.
fn of_two(prefix: &str) -> Jwt {
    of_secret().issuer(JwtKeys::rs256_pem(RSA_PUBLIC).unwrap(), PARTNER, prefix)
}

fn of(issuer: serde_json::Value, sub: &str) -> serde_json::Value {
    let mut claims = claims_of(sub);
    claims["iss"] = issuer;
    claims
}

#[tokio::test]
async fn a_key_is_good_for_the_tokens_of_its_own_issuer() {
    let jwt = of_two("partner:");
    let id = async |token: String| jwt.verify(&token).await.map(|login| login.actor.id.clone());
    let (ours, theirs) = (of(ISSUER.into(), "ann"), of(PARTNER.into(), "ann"));
    assert_eq!(id(hs256(&ours)).await, Ok("ann".into()));
    assert_eq!(id(rs256(&theirs)).await, Ok("partner:ann".into()));
    let both = of(json!([ISSUER, PARTNER]), "ann");
    assert_eq!(id(hs256(&both)).await, Ok("ann".into()));
    assert_eq!(id(rs256(&both)).await, Ok("partner:ann".into()));
    for token in [hs256(&theirs), rs256(&ours), hs256(&of("".into(), "ann"))] {
        assert_eq!(id(token).await, Err(LoginError::InvalidToken));
    }
}

#[tokio::test]
async fn whoever_has_a_name_at_one_issuer_is_nobody_at_another() {
    let _server = started("issuers", of_two("partner:")).await;
    let login = async |token: String| {
        let client = Client::builder().id("desk").login(Credentials::token(token));
        client.connect("memory://issuers").await.map_err(|fault| fault.code().to_owned())
    };
    let ours = login(hs256(&claims())).await.unwrap();
    // Under one client's id there is one person at a time.
    let theirs = rs256(&of(PARTNER.into(), "ann"));
    assert_eq!(login(theirs.clone()).await.unwrap_err(), "FORBIDDEN");
    drop(ours);
    let theirs: vault::Client = login(theirs).await.unwrap().typed().unwrap();
    assert_eq!(theirs.whoami().await.unwrap(), "partner:ann");
    // Nor by calling oneself so.
    assert_eq!(login(hs256(&claims_of("partner:ann"))).await.unwrap_err(), "INVALID_TOKEN");
    let login = of_two("partner:").verify(&rs256(&of(PARTNER.into(), "partner:ann"))).await;
    assert_eq!(login.unwrap().actor.id, "partner:partner:ann");
}

#[tokio::test]
async fn two_issuers_may_mean_the_same_people() {
    let moved = of_two("");
    for token in [hs256(&claims()), rs256(&of(PARTNER.into(), "ann"))] {
        assert_eq!(moved.verify(&token).await.unwrap().actor.id, "ann");
    }
}

#[tokio::test]
async fn a_logout_at_one_issuer_is_none_at_another() {
    let jwt = of_two("partner:");
    let named = |issuer: &str| {
        let mut claims = of(issuer.into(), "ann");
        claims["jti"] = "1".into();
        claims
    };
    let login = jwt.verify(&hs256(&named(ISSUER))).await.unwrap();
    jwt.logout(&login).await;
    jwt.verify(&hs256(&named(ISSUER))).await.unwrap_err();
    jwt.verify(&rs256(&named(PARTNER))).await.unwrap();
}

#[tokio::test]
async fn what_is_remembered_of_logouts_is_bounded() {
    let jwt = of_secret().max_revoked(2);
    let tokens: Vec<_> = (0..3).map(|n| hs256(&with("exp", (now() + 1000 + n).into()))).collect();
    for token in &tokens {
        let login = jwt.verify(token).await.unwrap();
        jwt.logout(&login).await;
        assert_eq!(jwt.verify(token).await.unwrap_err(), LoginError::InvalidToken);
    }
    // The one that ends first is let go.
    jwt.verify(&tokens[0]).await.unwrap();
    assert_eq!(jwt.verify(&tokens[1]).await.unwrap_err(), LoginError::InvalidToken);
}

#[tokio::test]
async fn a_password_is_no_token() {
    let refused = of_secret().login(Credentials::password("ann", "ann")).await.unwrap_err();
    assert_eq!(refused, LoginError::InvalidCredentials);
}

#[test]
fn keys_that_are_none_are_refused_in_words() {
    let text = |keys: Result<JwtKeys, JwtKeysError>| keys.unwrap_err().to_string();
    let short = "0123456789012345678901234567890";
    assert_eq!(text(JwtKeys::hs256(short)), "key HS256: a secret has at least 32 bytes");
    let rsa = "this is no RSA public key in PEM";
    assert_eq!(text(JwtKeys::rs256_pem("-----")), format!("key RS256: {rsa}"));
    assert_eq!(text(JwtKeys::rs256_pem(ED25519_PUBLIC)), format!("key RS256: {rsa}"));
    let weak = include_str!("keys/weak.pub.pem");
    assert_eq!(text(JwtKeys::rs256_pem(weak)), "key RS256: an RSA key has 2048 to 4096 bits");
    assert!(text(JwtKeys::eddsa_pem(RSA_PUBLIC)).contains("no Ed25519 public key"));
    assert_eq!(
        text(JwtKeys::jwks("{\n  1")),
        "line 2, column 3: this is no JSON Web Key Set, which is {\"keys\": [..]}"
    );
    assert_eq!(
        text(JwtKeys::jwks(r#"{"keys":[]}"#)),
        "there is no key for RS256 or EdDSA in the set"
    );
    // jsonwebtoken itself would panic, and only when a token comes.
    let short = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"AAAA"}]}"#;
    assert_eq!(text(JwtKeys::jwks(short)), "key k1: an Ed25519 public key has 32 bytes");
    let small = r#"{"keys":[{"kty":"RSA","n":"AAAA","e":"AQAB"}]}"#;
    assert_eq!(text(JwtKeys::jwks(small)), "key #1: an RSA key has 2048 to 4096 bits");
    let encrypts = r#"{"keys":[{"kty":"RSA","use":"enc","n":"AAAA","e":"AQAB"}]}"#;
    assert!(matches!(JwtKeys::jwks(encrypts), Err(JwtKeysError::NoKeys)));
    let shared = r#"{"keys":[{"kty":"oct","alg":"HS256","k":"AAAA"}]}"#;
    assert!(matches!(JwtKeys::jwks(shared), Err(JwtKeysError::NoKeys)), "a set is public");
    let missing = PathBuf::from("no/such/jwks.json");
    assert!(text(JwtKeys::jwks_file(&missing)).starts_with("no/such/jwks.json cannot be read: "));
}

#[test]
fn no_key_shows() {
    let shown = format!("{:?} {:?}", of_secret(), JwtKeys::hs256(SECRET).unwrap());
    assert!(shown.contains(ISSUER) && !shown.contains("secret"), "{shown}");
    assert_eq!(vault::CONTRACT.name, "vault");
}
