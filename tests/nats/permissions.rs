//! What no server of ours can enforce on a shared bus, the engine does: with the permissions that the
//! contract prints, word for word, in the configuration of a real `nats-server`.

use std::time::Duration;

use futures_util::StreamExt;
use magicbutton::{
    Actor, Client, Context, FaultKind, Reply, Server, Stream,
    auth::{Credentials, Login, LoginError},
    contract,
    nats::{ContractPermissions, Permissions},
};
use tokio::time::timeout;

use crate::nats_server::{self, NatsServer};

contract!(
    /// A shop with customers, and with somebody who sees more.
    #[contract(version = "1.0.0")]
    pub mod shop {
        #[roles]
        enum Role {
            #[grants("order:create", "order:read")]
            Customer,
            #[extends(Customer)]
            #[grants("order:*", "till:read")]
            ShopKeeper,
        }

        #[event]
        #[access(subscribe = "order:read", emit = "order:announce")]
        struct Shipped {
            order: String,
        }

        /// Nothing for customers.
        #[event]
        #[access(subscribe = "till:read", emit = "order:create")]
        struct Complained {
            about: String,
        }

        #[event(durable)]
        #[access("till:read")]
        struct Paid {
            cents: u64,
        }

        #[request]
        #[access(public)]
        async fn hours() -> String;

        #[request]
        #[access("order:create")]
        async fn order(what: String) -> String;

        #[request]
        #[access("order:read")]
        fn orders() -> impl Stream<Item = u32>;

        #[request]
        #[access("till:read")]
        async fn takings() -> u64;
    }
);

contract!(
    /// What a client serves to its server.
    #[contract(version = "1.0.0")]
    mod screen {
        #[request]
        async fn show(text: String) -> String;

        #[request]
        fn scroll() -> impl Stream<Item = u32>;
    }
);

struct Shop;

impl shop::Service for Shop {
    async fn hours(&self, _: &Context) -> Reply<String> {
        Ok("9 to 5".to_owned())
    }

    /// Asks the client's own screen, which answers over the engine too.
    async fn order(&self, cx: &Context, what: String) -> Reply<String> {
        let screen: screen::Client = cx.require_caller()?.client()?;
        let shown = screen.show(what).await.map_err(magicbutton::Failure::into_fault)?;
        let scrolled = screen.scroll().collect::<Vec<_>>().await.len();
        Ok(format!("{shown} {scrolled}"))
    }

    fn orders(&self, _: &Context) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter((0..100).map(Ok))
    }

    async fn takings(&self, _: &Context) -> Reply<u64> {
        Ok(7)
    }
}

struct Screen;

impl screen::Service for Screen {
    async fn show(&self, _: &Context, text: String) -> Reply<String> {
        Ok(format!("shown {text}"))
    }

    fn scroll(&self, _: &Context) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter((0..100).map(Ok))
    }
}

fn permissions() -> Permissions {
    shop::CONTRACT.nats_permissions("shop").unwrap()
}

/// An engine with a user for each; the password is the name.
fn engine() -> Option<NatsServer> {
    let printed = permissions();
    let ann = printed.role("customer", "ann").unwrap();
    let bob = printed.role("customer", "bob").unwrap();
    let billing = printed.role("shop-keeper", "billing").unwrap().reading("billing");
    // A block as it is printed, and users of their own.
    nats_server::start_with(&format!(
        "authorization {{\n{printed}\nusers: [
            {{ user: server, password: server, permissions: $server }}
            {{ user: nobody, password: nobody, permissions: $nobody }}
            {{ user: customer, password: customer, permissions: $customer }}
            {{ user: shop-keeper, password: shop-keeper, permissions: $shop-keeper }}
            {{ user: ann, password: ann, permissions: {ann} }}
            {{ user: bob, password: bob, permissions: {bob} }}
            {{ user: billing, password: billing, permissions: {billing} }}
            {{ user: root, password: root, permissions: {{ publish: \">\", subscribe: \">\" }} }}
        ] }}"
    ))
}

fn url(engine: &NatsServer, user: &str) -> String {
    format!("nats://{user}:{user}@127.0.0.1:{}/shop?inbox=_INBOX.{user}", engine.port)
}

async fn serve(engine: &NatsServer) -> Server {
    let server =
        Server::builder().serve(shop::serve(Shop)).authenticator(|credentials| match credentials {
            Credentials::Password { username, .. } => {
                let role =
                    if username == "ann" || username == "bob" { "customer" } else { "shop-keeper" };
                Ok(Login::new(Actor { roles: vec![role.to_owned()], ..Actor::new(username) }))
            }
            _ => Err(LoginError::InvalidToken),
        });
    server.bind(url(engine, "server")).start().await.unwrap()
}

async fn connect(engine: &NatsServer, user: &str) -> shop::Client {
    let client = Client::builder().id(user).serve(screen::serve(Screen));
    let client = client.connect(url(engine, user)).await.unwrap();
    if user != "nobody" {
        client.login(Credentials::password(user, "-")).await.unwrap();
    }
    client.typed().unwrap()
}

async fn soon<F: IntoFuture>(work: F) -> F::Output {
    timeout(Duration::from_secs(5), work.into_future()).await.expect("it takes too long")
}

#[tokio::test]
async fn whoever_may_does_over_an_engine_that_enforces_it() {
    let Some(engine) = engine() else { return };
    let server = serve(&engine).await;
    let ann = connect(&engine, "ann").await;
    assert_eq!(soon(ann.hours()).await.unwrap(), "9 to 5");
    assert_eq!(soon(ann.order("tea".into())).await.unwrap(), "shown tea 100");
    assert_eq!(soon(ann.orders().collect::<Vec<_>>()).await.len(), 100);
    let mut shipped = soon(ann.subscribe::<shop::Shipped>()).await.unwrap();
    server.broadcast(shop::Shipped { order: "1".into() }).await.unwrap();
    assert_eq!(soon(shipped.next()).await.unwrap().order, "1");
    server.send_to("ann", shop::Shipped { order: "2".into() }).await.unwrap();
    assert_eq!(soon(shipped.next()).await.unwrap().order, "2");
    let keeper = connect(&engine, "shop-keeper").await;
    assert_eq!(soon(keeper.takings()).await.unwrap(), 7);
    let nobody = connect(&engine, "nobody").await;
    assert_eq!(soon(nobody.hours()).await.unwrap(), "9 to 5");
    // What is kept, by whoever reads it under a name.
    let billing = connect(&engine, "billing").await;
    let (told, mut paid) = tokio::sync::mpsc::unbounded_channel();
    let reading = billing.client().subscribe::<shop::Paid>().durable("billing");
    let _reading = soon(reading.tries(1).for_each(move |event| {
        let told = told.clone();
        async move {
            told.send(event.cents).unwrap();
            if event.cents == 2 {
                Err(magicbutton::Fault::unavailable("no").into())
            } else {
                Ok(())
            }
        }
    }))
    .await
    .unwrap();
    for cents in 1..=3 {
        soon(server.broadcast(shop::Paid { cents })).await.unwrap();
        assert_eq!(soon(paid.recv()).await.unwrap(), cents);
    }
    let root = raw(&engine, "root").await;
    let mut dead = async_nats::jetstream::new(root).get_stream("shop-shop-v1-dead").await.unwrap();
    soon(async {
        while dead.info().await.unwrap().state.messages == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    soon(server.stop()).await.unwrap();
}

#[tokio::test]
async fn whoever_may_not_is_told_at_once() {
    let Some(engine) = engine() else { return };
    let _server = serve(&engine).await;
    let ann = connect(&engine, "ann").await;
    // The engine's word: the server never hears of it.
    let refused = soon(ann.takings()).await.unwrap_err().into_fault();
    assert_eq!(refused.kind(), FaultKind::Forbidden);
    assert!(refused.message().contains("NATS server"), "{refused}");
    let mut errors = ann.client().errors();
    ann.emit(shop::Shipped { order: "1".into() }).await.unwrap();
    let told = soon(errors.next()).await.unwrap();
    assert_eq!(told.kind(), FaultKind::Forbidden, "{told}");
    let refused = soon(ann.subscribe::<shop::Complained>()).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Forbidden);
    // An inbox that is not one's own.
    let wrong = format!("nats://ann:ann@127.0.0.1:{}/shop", engine.port);
    let refused = soon(Client::builder().id("ann").connect(wrong)).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Forbidden, "{refused}");
    assert!(refused.message().contains("_INBOX"), "{refused}");
    // A server as somebody who may not be one.
    let refused = Server::builder().serve(shop::serve(Shop)).bind(url(&engine, "ann")).start();
    let refused = soon(refused).await.unwrap_err();
    assert!(format!("{refused:?}").contains("lets nobody of this user"), "{refused:?}");
}

async fn raw(engine: &NatsServer, user: &str) -> async_nats::Client {
    let options = async_nats::ConnectOptions::with_user_and_password(user.into(), user.into());
    let options = options.custom_inbox_prefix(format!("_INBOX.{user}"));
    options.connect(engine.address()).await.unwrap()
}

/// What a customer hears of everything that is said while the shop is open, on whatever subject that
/// they could think of.
#[tokio::test]
async fn a_customer_hears_nothing_that_is_not_theirs() {
    let Some(engine) = engine() else { return };
    let server = serve(&engine).await;
    let ann = raw(&engine, "ann").await;
    let (bob, keeper) = (connect(&engine, "bob").await, connect(&engine, "shop-keeper").await);
    let mut ears = Vec::new();
    for subject in [
        ">",
        "_INBOX.>",
        "_INBOX.bob.>",
        "_INBOX.*.>",
        "_INBOX.server.>",
        "shop.>",
        "shop.shop.>",
        "shop.shop.v1.>",
        "shop.shop.v1.req.*",
        "shop.shop.v1.req.order",
        "shop.shop.v1.emit.*",
        "shop.shop.v1.emit.complained",
        "shop.shop.v1.evt.>",
        "shop.shop.v1.*.*",
        "shop.shop.v1.evt.complained",
        "shop.shop.v1.evt.paid",
        "shop.shop.v1.keep.*",
        "shop.shop.v1.keep.paid",
        "shop.$to.>",
        "shop.$to.bob.>",
        "shop.$to.*.*.evt",
        "shop.$sys.>",
        "shop.$sys.door.*",
        "shop.$sys.srv.>",
        "shop.$sys.all.*",
        "shop.$sys.any",
        "shop.$dead.>",
        "$JS.>",
        "$JS.API.>",
        "$SRV.>",
        "$SYS.>",
        // What is theirs, of which the engine leaves out the rest.
        "shop.shop.v1.evt.*",
        "shop.$to.ann.>",
        "_INBOX.ann.>",
    ] {
        ears.push(ann.subscribe(subject).await.unwrap());
        let queue = ann.queue_subscribe(subject, "shop".into()).await.unwrap();
        ears.push(queue);
    }
    // Answered, the engine has heard of all of them.
    ann.request("shop.shop.v1.req.hours", "{}".into()).await.unwrap();
    soon(bob.order("tea".into())).await.unwrap();
    soon(keeper.takings()).await.unwrap();
    bob.emit(shop::Complained { about: "the tea".into() }).await.unwrap();
    soon(bob.hours()).await.unwrap();
    server.broadcast(shop::Complained { about: "ann".into() }).await.unwrap();
    server.broadcast(shop::Paid { cents: 1 }).await.unwrap();
    server.send_to("bob", shop::Shipped { order: "bob's".into() }).await.unwrap();
    // The last word, which is for her.
    server.broadcast(shop::Shipped { order: "ann's".into() }).await.unwrap();
    let mut heard = Vec::new();
    let mut all = futures_util::stream::select_all(ears);
    while let Ok(Some(message)) = timeout(Duration::from_millis(500), all.next()).await {
        // The answer to her own request.
        if message.subject.starts_with("_INBOX.ann.") {
            continue;
        }
        heard.push((message.subject.to_string(), message.payload));
    }
    assert!(!heard.is_empty(), "she hears nothing at all: the test shows nothing");
    for (subject, payload) in heard {
        assert_eq!(subject, "shop.shop.v1.evt.shipped");
        assert_eq!(payload, r#"{"order":"ann's"}"#);
    }
}

/// What a customer says on subjects that are not theirs reaches nobody; nor does what a server would
/// have to say for them.
#[tokio::test]
async fn a_customer_says_nothing_that_they_may_not() {
    let Some(engine) = engine() else { return };
    let server = serve(&engine).await;
    let bob = connect(&engine, "bob").await;
    let mut errors = bob.client().errors();
    let mut shipped = bob.subscribe::<shop::Shipped>().await.unwrap();
    let (ann, root) = (raw(&engine, "ann").await, raw(&engine, "root").await);
    let mut all = root.subscribe(">").await.unwrap();
    root.request("shop.shop.v1.req.hours", "{}".into()).await.unwrap();
    let forged = r#"{"order":"forged"}"#;
    for subject in [
        "shop.shop.v1.evt.shipped",
        "shop.shop.v1.evt.paid",
        "shop.shop.v1.keep.paid",
        "shop.shop.v1.emit.shipped",
        "shop.shop.v1.emit.paid",
        "shop.shop.v1.req.takings",
        "shop.shop.v1.req.unheard",
        "shop.$to.bob.x.evt",
        "shop.$to.ann.x.evt",
        "shop.$sys.any",
        "shop.$sys.clients.up",
        "shop.$sys.evt._24error",
        "shop.$sys.door.who",
        "shop.$sys.srv.x.evt",
        "shop.$dead.shop.v1.paid.billing",
        "shop.other.v1.req.order",
        "shop",
        "_INBOX.bob.x",
        "_INBOX.server.x",
        "_INBOX.x",
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.shop-shop-v1",
        "$JS.API.STREAM.MSG.GET.shop-shop-v1",
        "$JS.API.CONSUMER.CREATE.shop-shop-v1.x",
        "$JS.API.STREAM.DELETE.shop-shop-v1",
        "$JS.ACK.shop-shop-v1.billing.1.1.1.1.0",
        "$SRV.PING",
    ] {
        ann.publish(subject, forged.into()).await.unwrap();
        let inbox = "_INBOX.ann.x";
        ann.publish_with_reply(subject, inbox, forged.into()).await.unwrap();
    }
    // Answered, the engine has seen what she said before.
    ann.request("shop.shop.v1.req.hours", "{}".into()).await.unwrap();
    root.publish("the.end", "".into()).await.unwrap();
    while let Some(message) = soon(all.next()).await {
        if message.subject.as_str() == "the.end" {
            break;
        }
        assert_ne!(message.payload, forged, "said on {}", message.subject);
    }
    // A request whose answer would be an event, or a request, of somebody who may more.
    for reply in [
        "shop.shop.v1.evt.shipped",
        "shop.shop.v1.req.takings.x",
        "shop.$to.bob.x.evt",
        "shop.$sys.clients.up",
        "$JS.API.STREAM.DELETE.shop-shop-v1",
    ] {
        for subject in ["shop.shop.v1.req.hours", "shop.$sys.door.join", "shop.$sys.all.beat"] {
            ann.publish_with_reply(subject, reply, "{}".into()).await.unwrap();
        }
    }
    ann.request("shop.shop.v1.req.hours", "{}".into()).await.unwrap();
    server.broadcast(shop::Shipped { order: "real".into() }).await.unwrap();
    assert_eq!(soon(shipped.next()).await.unwrap().order, "real");
    assert!(timeout(Duration::from_millis(100), errors.next()).await.is_err());
    root.publish("the.end", "".into()).await.unwrap();
    while let Some(message) = soon(all.next()).await {
        let subject = message.subject.as_str();
        if subject == "the.end" {
            break;
        }
        let real = message.payload == r#"{"order":"real"}"#;
        let said = real || message.reply.is_some() || subject.starts_with("_INBOX.");
        assert!(said, "the server said {message:?}");
    }
}

/// Who hears an event that is kept never learns where the server waits for the stream's word, and so
/// cannot give it in the stream's place.
#[tokio::test]
async fn nobody_says_in_the_stream_s_place_that_an_event_is_stored() {
    let Some(engine) = engine() else { return };
    let server = serve(&engine).await;
    let (keeper, root) = (raw(&engine, "shop-keeper").await, raw(&engine, "root").await);
    let mut ears = Vec::new();
    for subject in ["shop.shop.v1.evt.*", "shop.shop.v1.evt.paid", "shop.shop.v1.keep.*", ">"] {
        ears.push(keeper.subscribe(subject).await.unwrap());
        ears.push(keeper.queue_subscribe(subject, "shop".into()).await.unwrap());
    }
    keeper.request("shop.shop.v1.req.hours", "{}".into()).await.unwrap();
    let mut heard = futures_util::stream::select_all(ears);
    soon(server.broadcast(shop::Paid { cents: 1 })).await.unwrap();
    let paid = soon(heard.next()).await.unwrap();
    assert_eq!(paid.subject.as_str(), "shop.shop.v1.evt.paid");
    assert_eq!(paid.payload, r#"{"cents":1}"#);
    let jetstream = async_nats::jetstream::new(root);
    jetstream.delete_stream("shop-shop-v1").await.unwrap();
    let forging = tokio::spawn(async move {
        while let Some(message) = heard.next().await {
            let Some(reply) = message.reply else { continue };
            let stored = r#"{"stream":"shop-shop-v1","seq":2}"#;
            keeper.publish(reply, stored.into()).await.unwrap();
            keeper.flush().await.unwrap();
        }
    });
    let stored = server.broadcast(shop::Paid { cents: 2 });
    let stored = timeout(Duration::from_secs(1), stored).await;
    assert!(stored.is_err(), "nothing keeps it: {stored:?}");
    forging.abort();
}

#[test]
fn what_is_printed_is_for_the_engine_s_configuration() {
    let printed = permissions().to_string();
    assert!(printed.starts_with("# shop 1.0.0 under shop. To be printed anew when that changes.\n# For inside of authorization {"));
    for said in [
        "\nserver = {\n",
        "\nnobody = {\n",
        "\n# Connects with ?inbox=_INBOX.customer and the id \"customer\".\ncustomer = {\n",
        "\nshop-keeper = {\n",
    ] {
        assert!(printed.contains(said), "{said:?} is not in\n{printed}");
    }
    let customer = permissions().role("customer", "ann of york").unwrap();
    assert_eq!(customer.inbox(), "_INBOX.ann_20of_20york");
    let publish: Vec<_> = customer.publish().iter().filter(|s| !s.contains("$sys")).collect();
    assert_eq!(
        publish,
        [
            "shop.shop.v1.req.hours",
            "shop.shop.v1.req.order",
            "shop.shop.v1.req.orders",
            "shop.shop.v1.emit.complained",
        ]
    );
    assert_eq!(customer.not_subscribe(), ["shop.shop.v1.evt.complained", "shop.shop.v1.evt.paid"]);
    let told = permissions().role("king", "k").unwrap_err();
    assert!(told.message().contains("customer, shop-keeper"), "{told}");
    assert_eq!(shop::CONTRACT.nats_permissions("a//b").unwrap_err().code(), "VALIDATION_FAILED");
    // Nobody's name is a wildcard.
    let star = permissions().nobody("*").unwrap();
    assert!(star.subscribe().iter().all(|subject| !subject.contains("_INBOX.*")));
    let both = permissions().and(&screen::CONTRACT).nobody("x").unwrap();
    assert!(both.publish().contains(&"shop.screen.v1.req.show".to_owned()));
}

#[test]
fn nobody_has_the_inbox_of_a_user_that_is_printed_with_the_contract() {
    for name in ["server", "nobody", "customer", "shop-keeper"] {
        let printed = permissions();
        for one in [printed.role("customer", name), printed.anybody(name), printed.nobody(name)] {
            let refused = one.unwrap_err();
            assert_eq!(refused.kind(), FaultKind::ValidationFailed);
            assert!(refused.message().contains(&format!("`{name}`")), "{refused}");
        }
    }
    assert!(permissions().anybody("Server").is_ok());
}

contract!(
    /// Called like a part of subjects.
    #[contract(version = "1.0.0")]
    mod emit {
        #[request]
        async fn now() -> String;
    }
);

struct Emit;

impl emit::Service for Emit {
    async fn now(&self, _: &Context) -> Reply<String> {
        Ok("now".to_owned())
    }
}

#[tokio::test]
async fn a_denied_call_is_told_at_once_whatever_its_contract_is_called() {
    let denied = r#"publish: { deny: ["mb.emit.v1.req.now"] }"#;
    let users = format!("{{ user: x, password: x, permissions: {{ {denied} }} }}");
    let config = format!("authorization {{ users: [ {users} ] }}");
    let Some(engine) = nats_server::start_with(&config) else { return };
    let url = format!("nats://x:x@127.0.0.1:{}", engine.port);
    let server = Server::builder().serve(emit::serve(Emit)).bind(url.as_str());
    let _server = server.start().await.unwrap();
    let client = emit::Client::connect(url.as_str()).await.unwrap();
    let told = soon(client.now()).await.unwrap_err().into_fault();
    assert_eq!(told.kind(), FaultKind::Forbidden, "{told}");
}
