//! Logging in to the engine, TLS, limits: from the connection string or from the builder.

use magicbutton::{Client, FaultKind, nats::Nats};

use crate::{
    contract::{Done, depot, server},
    nats_server,
};

async fn asks(config: &str, transport: Nats, options: &str, user_info: &str) {
    let Some(engine) = nats_server::start_with(config) else { return };
    let said = format!("nats://{user_info}{}/?{options}", engine.address());
    // In the connection string, and to the transport.
    let server = server("one", &Done::default()).bind(said.as_str()).start().await.unwrap();
    let client: depot::Client = Client::connect(said.as_str()).await.unwrap().typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
    let shown = format!("{transport:?} {server:?} {client:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let client = Client::builder().transport(transport).connect(engine.url("")).await.unwrap();
    let client: depot::Client = client.typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
    // And who says nothing, or the wrong thing, is not let in, and is not told the secret.
    let wrong = Nats::new().user("ada", "s3cret-but-wrong");
    for transport in [Nats::new(), wrong] {
        let refused = Client::builder().transport(transport).connect(engine.url("")).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden, "{refused}");
        assert!(!format!("{refused:?}").contains("s3cret"), "{refused:?}");
    }
}

#[tokio::test]
async fn user_and_password() {
    let config = r#"authorization { user: ada, password: "s3cret@:" }"#;
    asks(config, Nats::new().user("ada", "s3cret@:"), "", "ada:s3cret%40%3A@").await;
}

#[tokio::test]
async fn a_token() {
    let config = r#"authorization { token: "s3cret-token" }"#;
    asks(config, Nats::new().token("s3cret-token"), "token=s3cret-token", "").await;
}

#[tokio::test]
async fn a_custom_inbox_prefix_is_all_that_a_client_needs_permission_for() {
    let config = r#"
        authorization {
            users = [
                { user: server, password: s }
                { user: client, password: c, permissions: {
                    publish: ["mb.>"], subscribe: ["own.>", "mb.>"] } }
            ]
        }"#;
    let Some(engine) = nats_server::start_with(config) else { return };
    let at = |user: &str| format!("nats://{user}@{}/?inbox=own", engine.address());
    let _server = server("one", &Done::default()).bind(at("server:s")).start().await.unwrap();
    let client: depot::Client = Client::connect(at("client:c")).await.unwrap().typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_string_is_told() {
    for (text, why) in [
        ("nats://localhost:1/?colour=red", "no option is called `colour`"),
        ("nats://localhost:1/?cert=a", "belong together"),
        ("nats://localhost:1/?tls=maybe", "true or false"),
        ("nats://localhost:1/?inbox=a.*", "inbox prefix"),
        ("nats://localhost:1//a//b", "empty part"),
        ("nats://localhost:1/?server=evil:s3cret@x", "host:port"),
    ] {
        let told = Client::connect(text).await.unwrap_err();
        assert_eq!(told.kind(), FaultKind::ValidationFailed, "{text}: {told}");
        assert!(told.message().contains(why), "{text}: {told}");
        assert!(!told.message().contains("s3cret"), "{told}");
    }
    let told = Client::connect("nats://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(told.kind(), FaultKind::Unavailable);
    assert!(told.message().contains("refused"), "{told}");
}

#[tokio::test]
async fn another_server_of_the_list_will_do() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let said = format!("nats://127.0.0.1:1/?server={}", engine.address());
    let client: depot::Client = Client::connect(said).await.unwrap().typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}

#[tokio::test]
async fn what_the_engine_does_not_take_is_refused_before_it_is_sent() {
    let Some(engine) = nats_server::start_with("max_payload: 4096") else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client: depot::Client = Client::connect(engine.url("")).await.unwrap().typed().unwrap();
    let told = client.find("x".repeat(5_000)).await.unwrap_err();
    assert_eq!(told.code(), "PAYLOAD_TOO_LARGE");
    assert!(told.to_string().contains("4096"), "{told}");
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}
