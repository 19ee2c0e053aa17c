//! Logging in to the engine by a key: its seed alone, or a credentials file.

use magicbutton::{Client, FaultKind, nats::Nats};
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::{
    contract::{Done, depot, server},
    folder::Folder,
    nats_server::{self, NatsServer},
};

/// As JWTs are written (RFC 4648, section 5, without padding).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(group);
        for digit in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    text
}

/// What `by` says of `whom`, signed.
fn token(by: &KeyPair, whom: &KeyPair, name: &str, says: Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" }).to_string();
    let claims = json!({
        "jti": name, "iat": 1, "name": name,
        "iss": by.public_key(), "sub": whom.public_key(), "nats": says,
    });
    let said = format!("{}.{}", base64(header.as_bytes()), base64(claims.to_string().as_bytes()));
    let signature = base64(&by.sign(said.as_bytes()).unwrap());
    format!("{said}.{signature}")
}

fn account(operator: &KeyPair, account: &KeyPair, name: &str, storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
        "conn": -1, "leaf": -1, "mem_storage": storage, "disk_storage": storage,
        "streams": storage, "consumer": storage,
    });
    token(operator, account, name, json!({ "type": "account", "version": 2, "limits": limits }))
}

fn credentials(token: &str, user: &KeyPair) -> String {
    let seed = user.seed().unwrap();
    format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

/// By the connection string, and by the transport; nothing of it shows the seed.
async fn lets_in(engine: &NatsServer, said: &str, transport: Nats, seed: &str) {
    let url = engine.url(&format!("?{said}"));
    let server = server("one", &Done::default()).transport(transport.clone());
    let server = server.bind(engine.url("")).start().await.unwrap();
    let built = Client::builder().transport(transport.clone()).connect(engine.url("")).await;
    for client in [Client::connect(url.as_str()).await.unwrap(), built.unwrap()] {
        let shown = format!("{transport:?} {server:?} {client:?}");
        assert!(!shown.contains(seed), "{shown}");
        let client: depot::Client = client.typed().unwrap();
        assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
    }
}

async fn is_forbidden(engine: &NatsServer, transport: Nats, seed: &str) {
    let refused = Client::builder().transport(transport).connect(engine.url("")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Forbidden, "{refused}");
    assert!(!format!("{refused:?} {refused}").contains(seed), "{refused:?}");
}

#[tokio::test]
async fn an_nkey() {
    let (user, other) = (KeyPair::new_user(), KeyPair::new_user());
    let config = format!("authorization {{ users = [ {{ nkey: {} }} ] }}", user.public_key());
    let Some(engine) = nats_server::start_with(&config) else { return };
    let (seed, wrong) = (user.seed().unwrap(), other.seed().unwrap());
    lets_in(&engine, &format!("nkey={seed}"), Nats::new().nkey(&*seed), &seed).await;
    is_forbidden(&engine, Nats::new(), &seed).await;
    is_forbidden(&engine, Nats::new().nkey(&*wrong), &wrong).await;
}

#[tokio::test]
async fn a_credentials_file() {
    let operator = KeyPair::new_operator();
    let (system, ours, theirs) =
        (KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_account());
    let user = KeyPair::new_user();
    let says = json!({ "type": "operator", "version": 2 });
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}, {}: {} }}",
        token(&operator, &operator, "operator", says),
        system.public_key(),
        system.public_key(),
        account(&operator, &system, "system", 0),
        ours.public_key(),
        account(&operator, &ours, "ours", -1),
    );
    let Some(engine) = nats_server::start_with(&config) else { return };
    let folder = Folder::new();
    let file = |name: &str, by: &KeyPair| {
        let says = json!({
            "type": "user", "version": 2, "pub": {}, "sub": {},
            "subs": -1, "data": -1, "payload": -1,
        });
        folder.write(name, &credentials(&token(by, &user, "user", says), &user))
    };
    let (path, seed) = (file("ours.creds", &ours), user.seed().unwrap());
    let said = format!("creds={}", path.display());
    lets_in(&engine, &said, Nats::new().credentials_file(&path), &seed).await;
    is_forbidden(&engine, Nats::new(), &seed).await;
    is_forbidden(&engine, Nats::new().credentials_file(file("theirs.creds", &theirs)), &seed).await;
    // What is no such file is told by its name.
    let missing = Nats::new().credentials_file(folder.path("missing.creds"));
    let told = Client::builder().transport(missing).connect(engine.url("")).await.unwrap_err();
    assert_eq!(told.kind(), FaultKind::ValidationFailed);
    assert!(told.message().contains("missing.creds"), "{told}");
}
