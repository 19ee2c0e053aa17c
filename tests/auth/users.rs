//! Users with passwords, and the tokens that they are handed.

use std::{sync::Arc, time::Duration};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use magicbutton::{
    Actor, Client,
    auth::{Authenticator, Credentials, LoginError, Users, UsersError, hash_password},
};
use serde_json::json;

use crate::{by_hand::ByHand, log_in, serving, told, ways};

/// The hash of a password, as cheap as there are.
pub fn hash(password: &str) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), b"salt of the tests").unwrap().to_string()
}

pub fn users() -> Users {
    let file = json!({ "users": [
        { "username": "ann", "passwordHash": hash("ann's"), "id": "u-1", "roles": ["reader"],
          "metadata": { "tenant": "acme" } },
        { "username": "bob", "passwordHash": hash("bob's"), "type": "service",
          "permissions": ["gold:move"] },
    ] });
    Users::from_json(&file.to_string()).unwrap()
}

#[tokio::test]
async fn a_password_lets_its_owner_in_and_so_does_the_token_they_get() {
    let server = serving().authenticator(users()).bind("memory://users");
    let server = server.bind("ws://127.0.0.1:0/users").start().await.unwrap();
    for way in ways(&server) {
        let client = Client::connect(&*way).await.unwrap();
        for (who, password) in [("ann", "bob's"), ("ann", ""), ("Ann", "ann's"), ("eve", "eve's")] {
            let refused = client.login(Credentials::password(who, password)).await.unwrap_err();
            assert_eq!(refused.code(), "INVALID_CREDENTIALS");
            assert_eq!(refused.message(), "wrong username or password");
        }
        let logged_in = client.login(Credentials::password("ann", "ann's")).await.unwrap();
        assert_eq!(logged_in.user_id, "u-1");
        assert!(logged_in.expires_at.is_some());
        let token = logged_in.token.unwrap();
        assert_eq!(token.len(), 64);
        // Another client, by the token only.
        let again = log_in(&way, Credentials::token(token.clone())).await;
        assert_eq!(again.whoami().await.unwrap(), "u-1@acme");
        assert_eq!(
            (told(again.read().await), told(again.shift().await)),
            ("yes".into(), "F".into())
        );
        assert_eq!(again.client().logged_in().unwrap().token, Some(token.clone()));
        // Whoever logs out takes it along.
        again.client().logout().await.unwrap();
        assert_eq!(again.client().logged_in(), None);
        let refused = again.client().login(Credentials::token(token)).await.unwrap_err();
        assert_eq!(refused.code(), "INVALID_TOKEN");
        let bob = log_in(&way, Credentials::password("bob", "bob's")).await;
        assert_eq!((told(bob.read().await), told(bob.shift().await)), ("F".into(), "yes".into()));
    }
}

/// Not by the clock, which proves nothing on a busy machine: by what is done.
#[tokio::test]
async fn a_user_that_there_is_not_costs_the_same_check() {
    for users in [users(), Users::new()] {
        for (count, who) in ["ann", "eve", "", "bob", "eve"].into_iter().enumerate() {
            assert_eq!(users.checked(), count as u64);
            let refused = users.login(Credentials::password(who, "guess")).await.unwrap_err();
            assert_eq!(refused, LoginError::InvalidCredentials, "{who}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_has_an_end() {
    let users = users().token_lifetime(Duration::from_secs(60));
    let login = users.login(Credentials::password("ann", "ann's")).await.unwrap();
    let token = login.token.unwrap();
    tokio::time::sleep(Duration::from_secs(59)).await;
    let login = users.verify(&token).await.unwrap();
    let left = login.expires_at.unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!(left <= Duration::from_secs(1), "it is the same one, and gets no older: {left:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(users.verify(&token).await.unwrap_err(), LoginError::TokenExpired);
}

#[tokio::test]
async fn a_user_drives_out_no_tokens_but_their_own() {
    let users = users().tokens_per_user(2);
    let token = async |who: &str| {
        let password = format!("{who}'s");
        users.login(Credentials::password(who, password)).await.unwrap().token.unwrap()
    };
    let bobs = token("bob").await;
    let anns = [token("ann").await, token("ann").await, token("ann").await];
    assert_eq!(users.verify(&anns[0]).await.unwrap_err(), LoginError::InvalidToken);
    for good in [&anns[1], &anns[2], &bobs] {
        users.verify(good).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_wait_for_their_turn() {
    let users = Arc::new(users().checks_at_once(1));
    let logins = (0..50).map(|_| users.login(Credentials::password("ann", "ann's")));
    for login in futures_util::future::join_all(logins).await {
        login.unwrap();
    }
    assert_eq!(users.checked(), 50);
    // Of those who wait, there are so many.
    let logins = (0..3000).map(|_| users.login(Credentials::password("ann", "guess")));
    let answers = futures_util::future::join_all(logins).await;
    let unavailable = answers.iter().filter(|a| **a == Err(LoginError::Unavailable)).count();
    let wrong = answers.iter().filter(|a| **a == Err(LoginError::InvalidCredentials)).count();
    assert_eq!((wrong + unavailable, users.checked()), (3000, 50 + wrong as u64));
    assert!(wrong >= 1024 && unavailable > 0, "{wrong} {unavailable}");
}

#[tokio::test]
async fn a_hash_that_was_made_here_is_good() {
    let hash = hash_password("hunter2").unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_ne!(hash, hash_password("hunter2").unwrap(), "each has a salt of its own");
    let users = Users::new().user("ann", &hash, Actor::new("ann")).unwrap();
    users.login(Credentials::password("ann", "hunter2")).await.unwrap();
    users.login(Credentials::password("ann", "hunter3")).await.unwrap_err();
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place_and_without_a_password() {
    let entry = |more: &str| format!("{{\"users\": [\n  {{\"username\": \"ann\", {more}}}\n]}}");
    let good = hash("ann's");
    for (file, wanted) in [
        ("{\n\"users\": hunter2".to_owned(), "<text>:2:10: expected value"),
        ("{\"users\": \"hunter2\"}".to_owned(), "<text>:1:19: expected a sequence"),
        (
            entry("\"password\": \"hunter2\""),
            "<text>:2:32: unknown field `password`, expected one of",
        ),
        (entry("\"roles\": []"), "<text>:2:34: missing field `passwordHash`"),
        (
            entry(&format!("\"passwordHash\": \"{good}\", \"roles\": \"hunter2\"")),
            "expected a sequence",
        ),
        (entry("\"passwordHash\": \"hunter2\""), "the password hash of `ann` is no PHC string"),
        (entry("\"passwordHash\": \"$argon2id$v=19$m=8,t=1,p=1\""), "of `ann` lacks its salt"),
        (
            entry("\"passwordHash\": \"$scrypt$ln=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA\""),
            "is not of Argon2",
        ),
        (
            entry(
                "\"passwordHash\": \"$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA\"",
            ),
            "has parameters that Argon2 does not take",
        ),
    ] {
        let error = Users::from_json(&file).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(wanted), "{shown}\n{wanted}");
        assert!(!format!("{shown}{error:?}").contains("hunter2"), "{error:?}");
    }
    let twice = Users::new().user("ann", &good, Actor::new("1")).unwrap();
    let twice = twice.user("ann", &good, Actor::new("2")).unwrap_err();
    assert_eq!(twice.to_string(), "`ann` is no name for a user: it is empty, or somebody else's");
    assert!(matches!(Users::new().user("", &good, Actor::new("1")), Err(UsersError::Name { .. })));
    let missing = Users::from_file("no/such/users.json").unwrap_err();
    assert!(missing.to_string().starts_with("no/such/users.json cannot be read: No such file"));
    let shown = format!("{:?}", users());
    assert!(!shown.contains("argon2") && !shown.contains("ann"), "{shown}");
}

#[tokio::test]
async fn a_file_that_is_there_is_read_and_named_when_it_is_wrong() {
    let path = std::env::temp_dir().join(format!("users-{}.json", std::process::id()));
    let entry = json!({ "users": [{ "username": "ann", "passwordHash": hash("ann's") }] });
    std::fs::write(&path, entry.to_string()).unwrap();
    let users = Users::from_file(&path).unwrap();
    let login = users.login(Credentials::password("ann", "ann's")).await.unwrap();
    assert_eq!((login.actor.id.as_str(), login.actor.kind.as_str()), ("ann", "user"));
    std::fs::write(&path, "{\n]").unwrap();
    let error = Users::from_file(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(error.starts_with(&format!("{}:2:1: ", path.display())), "{error}");
}

/// As it travels: the token is in the answer, and nothing of what the server knows beside it.
#[tokio::test]
async fn a_login_on_the_wire_says_no_more_than_it_should() {
    let server = serving().authenticator(users()).bind("ws://127.0.0.1:0/users");
    let server = server.start().await.unwrap();
    let mut client = ByHand::connect(&server.endpoints()[0]).await;
    let login = json!({ "username": "ann", "password": "ann's" });
    let mut data = client.data("$login", login).await;
    assert_eq!(data["token"].take().as_str().unwrap().len(), 64);
    assert!(data["expiresAt"].take().is_u64());
    let user = json!({ "id": "u-1", "username": "ann", "roles": ["reader"] });
    assert_eq!(data, json!({ "success": true, "token": null, "expiresAt": null, "user": user }));
}
