//! What the engine keeps for durable events: which readers and streams there are, who shares them, and
//! what others hear of them.

use std::time::Duration;

use futures_util::StreamExt;
use magicbutton::{Client, FaultKind, Server};
use tokio::time::timeout;

use crate::{
    durable::{Post, post},
    nats_server,
};

#[tokio::test]
async fn one_name_is_not_for_two_kinds_of_events() {
    let Some(engine) = nats_server::start() else { return };
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    let server = server.start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let (told, mut letters) = tokio::sync::mpsc::unbounded_channel();
    let letter = client.subscribe::<post::Letter>().durable("desk");
    let _letters = letter
        .for_each(move |letter| {
            let _ = told.send(letter.text.clone());
            async { Ok(()) }
        })
        .await
        .unwrap();
    let cards = client.subscribe::<post::Card>().durable("desk");
    let refused = cards.for_each(async |_| Ok(())).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::ValidationFailed, "{refused}");
    for said in ["`desk`", "post/letter", "post/card", "another name"] {
        assert!(refused.message().contains(said), "{refused}");
    }
    let all = client.subscribe::<post::Event>().durable("desk");
    let refused = all.for_each(async |_| Ok(())).await.unwrap_err();
    assert!(refused.message().contains("every durable event of post"), "{refused}");
    // Neither has changed what is read.
    server.broadcast(post::Card { text: "card".into() }).await.unwrap();
    server.broadcast(post::Letter { text: "letter".into() }).await.unwrap();
    let first = timeout(Duration::from_secs(5), letters.recv()).await.unwrap();
    assert_eq!(first.as_deref(), Some("letter"));
}

#[tokio::test]
async fn an_event_is_never_taken_for_another_that_looks_like_it() {
    let Some(engine) = nats_server::start() else { return };
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    let server = server.start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let letters = client.subscribe::<post::Letter>().durable("desk").tries(1);
    let _letters = letters.for_each(async |_| Ok(())).await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let mut dead = nats.subscribe("mb.$dead.>").await.unwrap();
    // Somebody else widens what the reader is handed.
    let mut all = desk(&nats).await;
    all.filter_subject = String::new();
    let stream = async_nats::jetstream::new(nats.clone()).get_stream("mb-post-v1").await.unwrap();
    stream.create_consumer(all).await.unwrap();
    server.broadcast(post::Card { text: "card".into() }).await.unwrap();
    // Which has the engine look for what the reader is to have.
    server.broadcast(post::Letter { text: "letter".into() }).await.unwrap();
    let dead = timeout(Duration::from_secs(5), dead.next()).await.unwrap().unwrap();
    let headers = dead.headers.unwrap();
    assert!(headers.get("Mb-Reason").unwrap().as_str().contains("post/card"), "{headers:?}");
}

/// What the engine knows of the reader `desk`.
async fn desk(nats: &async_nats::Client) -> async_nats::jetstream::consumer::Config {
    let jetstream = async_nats::jetstream::new(nats.clone());
    let stream = jetstream.get_stream("mb-post-v1").await.unwrap();
    stream.consumer_info("desk").await.unwrap().config
}

#[tokio::test]
async fn a_reader_that_waits_otherwise_than_before_is_waited_for_so() {
    let Some(engine) = nats_server::start() else { return };
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    let _server = server.start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let nats = async_nats::connect(engine.address()).await.unwrap();
    for seconds in [30, 2] {
        let letters = client.subscribe::<post::Letter>().durable("desk");
        let letters = letters.ack_wait(Duration::from_secs(seconds));
        drop(letters.for_each(async |_| Ok(())).await.unwrap());
        assert_eq!(desk(&nats).await.ack_wait, Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn prefixes_that_look_alike_share_no_stream() {
    let Some(engine) = nats_server::start() else { return };
    let mut served = Vec::new();
    for prefix in ["shop/eu", "shop-eu", "shop-eu-post", "shop_eu"] {
        let server = Server::builder().serve(post::serve(Post)).bind(engine.url(prefix));
        let server = server.start().await.unwrap();
        let client = Client::connect(engine.url(prefix)).await.unwrap();
        let (told, letters) = tokio::sync::mpsc::unbounded_channel();
        let reading = client.subscribe::<post::Letter>().durable("desk");
        let reading = reading.for_each(move |letter| {
            let _ = told.send(letter.text.clone());
            async { Ok(()) }
        });
        served.push((prefix, server, reading.await.unwrap(), client, letters));
    }
    for round in ["first", "last"] {
        for (prefix, server, ..) in &served {
            let text = format!("{round} to {prefix}");
            server.broadcast(post::Letter { text }).await.unwrap();
        }
    }
    for (prefix, .., letters) in &mut served {
        for round in ["first", "last"] {
            let letter = timeout(Duration::from_secs(5), letters.recv()).await.unwrap();
            assert_eq!(letter, Some(format!("{round} to {prefix}")));
        }
    }
    let jetstream =
        async_nats::jetstream::new(async_nats::connect(engine.address()).await.unwrap());
    let mut names: Vec<_> = jetstream.stream_names().map(Result::unwrap).collect().await;
    names.retain(|name| !name.ends_with("-dead"));
    names.sort();
    let expected =
        ["shop_2deu-post-v1", "shop_2deu_2dpost-post-v1", "shop_2eeu-post-v1", "shop_5feu-post-v1"];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn who_only_listens_hears_what_is_kept_once() {
    let Some(engine) = nats_server::start() else { return };
    let nats = async_nats::connect(engine.address()).await.unwrap();
    // As somebody has made it who knows less than the server does.
    let jetstream = async_nats::jetstream::new(nats.clone());
    let made = async_nats::jetstream::stream::Config {
        name: "mb-post-v1".to_owned(),
        subjects: vec!["mb.post.v1.keep.letter".to_owned()],
        republish: Some(async_nats::jetstream::stream::Republish {
            source: "mb.post.v1.keep.*".to_owned(),
            destination: "mb.post.v1.evt.{{wildcard(1)}}".to_owned(),
            headers_only: false,
        }),
        max_messages: 1_000,
        ..Default::default()
    };
    jetstream.create_stream(made).await.unwrap();
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    let server = server.start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let mut letters = client.subscribe::<post::Letter>().await.unwrap();
    let mut cards = client.subscribe::<post::Card>().await.unwrap();
    let mut heard = nats.subscribe("mb.post.v1.evt.*").await.unwrap();
    // Answered, the engine has heard of that.
    let mut stream = jetstream.get_stream("mb-post-v1").await.unwrap();
    assert_eq!(stream.cached_info().config.max_messages, 1_000, "what was set stays");
    for text in ["1", "2"] {
        server.broadcast(post::Letter { text: text.into() }).await.unwrap();
        server.broadcast(post::Card { text: text.into() }).await.unwrap();
    }
    for text in ["1", "2"] {
        let letter = timeout(Duration::from_secs(5), letters.next()).await.unwrap().unwrap();
        let card = timeout(Duration::from_secs(5), cards.next()).await.unwrap().unwrap();
        assert_eq!((&*letter.text, &*card.text), (text, text));
        for subject in ["mb.post.v1.evt.letter", "mb.post.v1.evt.card"] {
            let message = timeout(Duration::from_secs(5), heard.next()).await.unwrap().unwrap();
            assert_eq!(message.subject.as_str(), subject);
            assert_eq!(message.reply, None);
        }
    }
    assert!(timeout(Duration::from_millis(100), heard.next()).await.is_err(), "once each");
    assert_eq!(stream.info().await.unwrap().state.messages, 4);
}

#[tokio::test]
async fn a_stream_that_tells_nobody_is_not_taken_for_one_that_does() {
    let Some(engine) = nats_server::start() else { return };
    let nats = async_nats::connect(engine.address()).await.unwrap();
    let jetstream = async_nats::jetstream::new(nats);
    let made = async_nats::jetstream::stream::Config {
        name: "mb-post-v1".to_owned(),
        subjects: vec!["mb.post.v1.keep.*".to_owned()],
        ..Default::default()
    };
    jetstream.create_stream(made).await.unwrap();
    let server = Server::builder().serve(post::serve(Post)).bind(engine.url(""));
    match server.start().await {
        // Newer engines let it be changed.
        Ok(_server) => {
            let stream = jetstream.get_stream("mb-post-v1").await.unwrap();
            assert!(stream.cached_info().config.republish.is_some());
        }
        Err(refused) => {
            let refused = format!("{refused:?}");
            assert!(refused.contains("mb-post-v1") && refused.contains("delete it"), "{refused}");
        }
    }
}
