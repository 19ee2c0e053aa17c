//! What somebody may while logins come and go: subscriptions, streams, guards, expiry.

use super::*;

/// What of each event somebody gets who never said what they want.
#[tokio::test]
async fn who_has_not_subscribed_gets_what_they_may_read_and_nothing_else() {
    let (server, ways, ..) = started("unasked").await;
    let endpoint: Endpoint = ways[2].parse().unwrap();
    for who in WHO {
        let mut client = ByHand::connect(&endpoint).await;
        if who != "nobody" {
            client.data("$login", json!({ "username": who, "password": "-" })).await;
        }
        let by = "server".to_owned();
        server.broadcast(Changed { by: by.clone() }).await.unwrap();
        server.broadcast(Sealed { by: by.clone() }).await.unwrap();
        server.broadcast(Noted { by: by.clone() }).await.unwrap();
        server.broadcast(Opened { by }).await.unwrap();
        let mut got = Vec::new();
        for frame in client.call("hours", json!({})).await.before {
            got.push(frame["event"].as_str().unwrap().to_owned());
        }
        let events = ["changed", "sealed", "noted", "opened"];
        let may = events.iter().filter(|event| wanted(&format!("subscribe {event}"), who) == "yes");
        assert_eq!(got, may.map(|event| (*event).to_owned()).collect::<Vec<_>>(), "{who}");
    }
}

#[tokio::test]
async fn a_subscription_follows_the_login() {
    let (server, ways, ..) = started("follows").await;
    for way in &ways {
        let client = connect(way, "viewer").await;
        let mut changed = client.subscribe::<Changed>().await.unwrap();
        let mut opened = client.subscribe::<Opened>().await.unwrap();
        let tell = async |by: &str| {
            server.broadcast(Changed { by: by.to_owned() }).await.unwrap();
            server.broadcast(Opened { by: by.to_owned() }).await.unwrap();
        };
        tell("1").await;
        assert_eq!(soon(changed.next()).await.unwrap().by, "1", "{way}");
        client.client().logout().await.unwrap();
        tell("2: logged out").await;
        client.client().login(Credentials::password("auditor", "-")).await.unwrap();
        tell("3: another role").await;
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        tell("4").await;
        assert_eq!(soon(changed.next()).await.unwrap().by, "4", "{way}");
        // It was there all the time.
        for by in ["1", "2: logged out", "3: another role", "4"] {
            assert_eq!(soon(opened.next()).await.unwrap().by, by, "{way}");
        }
    }
}

#[tokio::test]
async fn a_request_for_an_event_one_may_not_read_subscribes_to_nothing() {
    let engine = nats_server::start();
    let (server, ways, ..) = started_over("wildcard", engine.as_ref()).await;
    for way in &ways {
        let client = connect(way, "viewer").await;
        let refused = client.subscribe::<archive::Event>().await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden, "{way}");
    }
    let mut client = ByHand::connect(&ways[2].parse().unwrap()).await;
    for name in ["changed", "archive/changed"] {
        let code = client.code("$subscribe", json!({ "clientId": "c", "events": [name] })).await;
        assert_eq!(code, "AUTHENTICATION_REQUIRED");
    }
    let both = json!({ "clientId": "c", "events": ["opened", "changed"] });
    client.data("$login", json!({ "username": "auditor", "password": "-" })).await;
    assert_eq!(client.code("$subscribe", both).await, "FORBIDDEN");
    for name in ["*", "archive/*", "", "changed\u{0}", "Changed"] {
        let code = client.code("$subscribe", json!({ "clientId": "c", "events": [name] })).await;
        assert_eq!(code, "CONTRACT_MISMATCH", "{name}");
    }
    let register = json!({ "clientId": "c", "events": ["changed"] });
    assert_eq!(client.code("$register", register).await, "FORBIDDEN");
    server.broadcast(Changed { by: "server".to_owned() }).await.unwrap();
    client.nothing().await;
}

#[tokio::test]
async fn what_a_client_writes_of_who_it_is_counts_for_nothing() {
    let engine = nats_server::start();
    let (_server, ways, _, service) = started_over("forged", engine.as_ref()).await;
    for way in &ways {
        let forged = || {
            let actor = Actor { permissions: vec!["paper:write".to_owned()], ..actor("admin") };
            Context::new().with_auth(Auth { token: None, actor: Some(actor) })
        };
        for (who, wanted) in [("nobody", "A"), ("viewer", "F")] {
            let client = connect(way, who).await;
            assert_eq!(told(client.purge().context(forged()).await), wanted, "{way}");
            assert_eq!(told(client.write().context(forged()).await), wanted, "{way}");
        }
        let viewer = connect(way, "viewer").await;
        assert_eq!(viewer.whoami().context(forged()).await.unwrap(), "viewer", "{way}");
    }
    let mut client = ByHand::connect(&ways[2].parse().unwrap()).await;
    client
        .send(json!({
            "type": "request", "requestId": "1", "requestType": "purge", "payload": {},
            "context": { "auth": { "actor": { "id": "admin", "type": "user", "roles": ["admin"],
                "permissions": ["paper:purge"] } }, "actor": { "id": "admin", "roles": ["admin"] } },
        }))
        .await;
    let refused = client.response("1").await.response;
    assert_eq!(refused["error"]["code"], "AUTHENTICATION_REQUIRED");
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_role_is_its_exact_name() {
    for name in [
        "Admin",
        "ADMIN",
        "admin ",
        " admin",
        "аdmin",
        "ａｄｍｉｎ",
        "admin\u{200b}",
        "admin\u{0}",
        "",
        "*",
        "admın",
    ] {
        let mut actor = Actor::new("mallory");
        actor.roles = vec![name.to_owned()];
        let client = archive::Client::in_process_as(Archive::default(), actor);
        assert_eq!(told(client.purge().await), "F", "{name:?}");
        assert_eq!(told(client.write().await), "F", "{name:?}");
    }
    for permission in ["*:*", "paper:*", "Paper:write", "paper:write ", "paper:", "*"] {
        let mut actor = Actor::new("mallory");
        actor.permissions = vec![permission.to_owned()];
        let client = archive::Client::in_process_as(Archive::default(), actor);
        assert_eq!(told(client.write().await), "F", "{permission:?}");
    }
    assert_eq!(archive::Role::FieldEditor.to_string(), "field-editor");
    assert_eq!("field-editor".parse(), Ok(archive::Role::FieldEditor));
    assert!("FieldEditor".parse::<archive::Role>().is_err());
}

#[tokio::test]
async fn a_guard_is_asked_before_the_handler_and_only_about_who_passes_the_rule() {
    let service = Archive::default();
    let client = archive::Client::in_process_as(service.clone(), actor("viewer"));
    assert_eq!(told(client.mine("somebody".to_owned()).await), "F");
    let fault = client.mine("nobody-knows".to_owned()).await.unwrap_err().into_fault();
    assert_eq!((fault.kind(), fault.message()), (FaultKind::Unavailable, "the register is shut"));
    assert_eq!(first(client.watch_mine("somebody".to_owned())).await, "F");
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
    client.mine("viewer".to_owned()).await.unwrap();
    assert_eq!(first(client.watch_mine("viewer".to_owned())).await, "yes");
    assert_eq!(*service.begun.lock().unwrap(), ["mine", "watch_mine"]);
    let auditor = archive::Client::in_process_as(service, actor("auditor"));
    assert_eq!(told(auditor.mine("nobody-knows".to_owned()).await), "F", "it is not even asked");
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_not_read_it_any_more() {
    let engine = nats_server::start();
    let (_server, ways, ..) = started_over("streams", engine.as_ref()).await;
    for way in &ways {
        for (then, another, code) in [
            ("hang", None, "A"),
            ("go on", None, "A"),
            ("hang", Some("auditor"), "F"),
            // May read too, but it is somebody else's stream.
            ("hang", Some("admin"), "F"),
        ] {
            let client = connect(way, "viewer").await;
            let mut items = client.watch(then.to_owned());
            items.next().await.unwrap().unwrap();
            match another {
                None => client.client().logout().await.unwrap(),
                Some(who) => {
                    client.client().login(Credentials::password(who, "-")).await.unwrap();
                }
            }
            let end = soon(async {
                loop {
                    // What was on its way may still come.
                    match items.next().await.unwrap() {
                        Ok(_) => {}
                        Err(failure) => return told::<(), _>(Err(failure)),
                    }
                }
            });
            assert_eq!(end.await, code, "{another:?} over {way}");
            assert!(items.next().await.is_none());
        }
        // The same user again, say with a new token: it goes on.
        let client = connect(way, "viewer").await;
        let mut items = client.watch("go on".to_owned());
        items.next().await.unwrap().unwrap();
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        for _ in 0..100 {
            items.next().await.unwrap().unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_expires_takes_everything_with_it() {
    let minute = Duration::from_secs(60);
    let server = Server::builder()
        .serve(archive::serve(Archive::default()))
        .authenticator(move |_| {
            let expires_at = Some(SystemTime::now() + minute);
            Ok(Login { expires_at, ..Login::new(actor("viewer")) })
        })
        .limits(|limits: &mut Limits| limits.login = 3600 * minute)
        .bind("memory://expiry")
        .start()
        .await
        .unwrap();
    for way in ["memory://expiry", "memory://expiry?codec=json"] {
        let client = connect(way, "viewer").await;
        let mut items = client.watch("hang".to_owned());
        items.next().await.unwrap().unwrap();
        let mut changed = client.subscribe::<Changed>().await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(told(items.next().await.unwrap()), "A");
        assert_eq!(begun.elapsed().as_secs(), 60, "{way}");
        assert_eq!(told(client.read().await), "A");
        server.broadcast(Changed { by: "late".to_owned() }).await.unwrap();
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        server.broadcast(Changed { by: "again".to_owned() }).await.unwrap();
        assert_eq!(changed.next().await.unwrap().by, "again");
        // Logged in again before the first time is over.
        tokio::time::sleep(minute / 2).await;
        client.client().login(Credentials::password("viewer", "-")).await.unwrap();
        tokio::time::sleep(minute * 3 / 4).await;
        assert_eq!(told(client.read().await), "yes", "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_the_next_connection_refuses_is_told_and_kept() {
    let wire = wire::Wire::default();
    let server = archive_of(Archive::default())
        .transport(wire.clone())
        .limits(|limits: &mut Limits| limits.login = Duration::from_secs(3600))
        .bind("wire://archive")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire.clone()).connect("wire://archive").await.unwrap();
    client.login(Credentials::password("viewer", "-")).await.unwrap();
    let mut changed = client.subscribe::<Changed>().await.unwrap();
    let mut errors = client.errors();
    client.logout().await.unwrap();
    let reconnected = async || {
        wire.cut();
        let mut status = client.watch_status();
        status.wait_for(|status| !matches!(status, ClientStatus::Connected)).await.unwrap();
        status.wait_for(|status| *status == ClientStatus::Connected).await.unwrap();
    };
    reconnected().await;
    loop {
        let fault = soon(errors.next()).await.unwrap();
        if fault.kind() == FaultKind::AuthenticationRequired {
            break;
        }
    }
    server.broadcast(Changed { by: "unseen".to_owned() }).await.unwrap();
    client.login(Credentials::password("viewer", "-")).await.unwrap();
    reconnected().await;
    server.broadcast(Changed { by: "seen".to_owned() }).await.unwrap();
    assert_eq!(soon(changed.next()).await.unwrap().by, "seen");
}
