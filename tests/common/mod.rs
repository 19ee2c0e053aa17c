//! The contract that most tests talk over, a service for it, and both ways to reach it in memory.
#![allow(clippy::panic, reason = "handlers panic on purpose")]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use magicbutton::{Context, Fault, Reply, Server, Stream, contract};
use tokio::sync::Notify;

contract!(
    /// A workshop that makes things.
    #[contract(version = "1.2.3")]
    pub mod workshop {
        /// How far a thing is.
        #[derive(Eq, Hash, Copy)]
        enum Stage {
            Planned,
            InProgress,
            Done,
        }

        /// A thing that was made.
        struct Thing {
            thing_id: String,
            stage: Stage,
            #[serde(default)]
            tags: Vec<Tag>,
        }

        struct Tag {
            key: String,
            value: u32,
        }

        /// A thing is there.
        #[event]
        struct ThingMade {
            thing_id: String,
            stage: Stage,
        }

        /// A thing is gone.
        #[event]
        struct ThingScrapped {
            thing_id: String,
        }

        #[error]
        enum WorkshopError {
            /// Nobody knows the thing.
            #[error(status = 404, message = "thing {thing_id} not found")]
            ThingNotFound { thing_id: String },
            #[error(status = 409, message = "cannot go from {from} to {to}", code = "BAD_STAGE")]
            WrongStage { from: Stage, to: Stage },
            #[error(status = 503, message = "closed {{for}} today", retryable)]
            Closed,
        }

        /// Makes a thing.
        #[request]
        async fn make_thing(thing_id: String, tags: Vec<Tag>) -> Result<Thing, WorkshopError>;

        /// Fails as it is told to.
        #[request]
        async fn fail(how: String) -> Result<(), WorkshopError>;

        /// Says what the handler's context says.
        #[request]
        async fn look_around() -> Vec<String>;

        /// Answers when the test lets it.
        #[request]
        async fn wait_for_it() -> u32;

        /// The same, and goes on when its caller has left.
        #[request(detached)]
        async fn wait_detached() -> u32;

        /// Counts from nought.
        #[request]
        fn count_to(limit: u32, then: String) -> impl Stream<Item = Result<u32, WorkshopError>>;
    }
);

#[allow(unused_imports, reason = "each test file uses the part it needs")]
pub use workshop::{Stage, Tag, Thing, ThingMade, ThingScrapped, WorkshopError};

/// What the tests see of a service at work.
#[derive(Default)]
pub struct Seen {
    /// Handlers of `wait_*` that have begun.
    pub begun: AtomicUsize,
    /// Those that came to their end.
    pub finished: AtomicUsize,
    /// Those that were dropped, at their end or before.
    pub dropped: AtomicUsize,
    /// Items that `count_to` has made.
    pub counted: AtomicU32,
    /// Told when one of the above has changed.
    pub changed: Notify,
    /// Lets `wait_*` go on.
    pub go_on: Notify,
}

/// A service for [`workshop`].
#[derive(Clone, Default)]
pub struct Workshop(pub Arc<Seen>);

struct CountDrop(Arc<Seen>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

impl Workshop {
    async fn wait(&self) -> u32 {
        let _dropped = CountDrop(Arc::clone(&self.0));
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        self.0.changed.notify_one();
        self.0.go_on.notified().await;
        self.0.finished.fetch_add(1, Ordering::SeqCst);
        7
    }
}

impl Seen {
    /// Waits until something that a service counts has reached a number.
    pub async fn until(&self, counter: &AtomicUsize, count: usize) {
        while counter.load(Ordering::SeqCst) < count {
            self.changed.notified().await;
        }
    }
}

/// The secret that no caller may ever see.
pub const SECRET: &str = "password 'swordfish' refused by 10.0.0.7";

impl workshop::Service for Workshop {
    async fn make_thing(
        &self,
        cx: &Context,
        thing_id: String,
        tags: Vec<Tag>,
    ) -> Reply<Thing, WorkshopError> {
        cx.broadcast(ThingMade { thing_id: thing_id.clone(), stage: Stage::Planned }).await?;
        Ok(Thing { thing_id, stage: Stage::Planned, tags })
    }

    async fn fail(&self, _: &Context, how: String) -> Reply<(), WorkshopError> {
        match how.as_str() {
            "declared" => Err(WorkshopError::ThingNotFound { thing_id: "t-1".into() })?,
            "enums" => {
                return Err(WorkshopError::WrongStage {
                    from: Stage::InProgress,
                    to: Stage::Planned,
                }
                .into());
            }
            "unit" => Err(WorkshopError::Closed)?,
            "io" => std::fs::read(SECRET)
                .map(drop)
                .map_err(|_| std::io::Error::other(SECRET))
                .map_err(Fault::internal)?,
            "panic" => panic!("{SECRET}"),
            "unavailable" => Err(Fault::unavailable("come back later").with_source(SECRET))?,
            _ => {}
        }
        Ok(())
    }

    async fn look_around(&self, cx: &Context) -> Reply<Vec<String>> {
        let caller = cx.caller();
        let text = |value: Option<&serde_json::Value>| {
            value.and_then(|value| value.as_str()).unwrap_or("-").to_owned()
        };
        Ok(vec![
            cx.source().unwrap_or("-").to_owned(),
            caller.map_or("-", |caller| caller.kind()).to_owned(),
            caller.map_or(String::new(), |caller| caller.capabilities().join("+")),
            text(caller.and_then(|caller| caller.metadata("region"))),
            text(cx.metadata("color")),
            cx.trace_id().to_owned(),
            cx.id().to_owned(),
            cx.token().unwrap_or("-").to_owned(),
            cx.actor().map_or("-", |actor| &actor.id).to_owned(),
            cx.target().unwrap_or("-").to_owned(),
        ])
    }

    async fn wait_for_it(&self, _: &Context) -> Reply<u32> {
        Ok(self.wait().await)
    }

    async fn wait_detached(&self, _: &Context) -> Reply<u32> {
        Ok(self.wait().await)
    }

    fn count_to(
        &self,
        _: &Context,
        limit: u32,
        then: String,
    ) -> impl Stream<Item = Reply<u32, WorkshopError>> + Send {
        // Borrows from the service: a stream may.
        let counted = &self.0.counted;
        let numbers = stream::iter(0..limit).map(|number| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(number)
        });
        let last = stream::once(async move {
            match then.as_str() {
                "fail" => Some(Err(WorkshopError::Closed.into())),
                "panic" => panic!("{SECRET}"),
                "hang" => std::future::pending().await,
                _ => None,
            }
        });
        numbers.chain(last.filter_map(std::future::ready))
    }
}

/// A served workshop, and a client of it.
pub struct Bench {
    pub server: Server,
    pub client: workshop::Client,
    pub seen: Arc<Seen>,
}

/// The ways to reach a server in memory: typed values, and through the codec.
pub const WAYS: [&str; 2] = ["", "?codec=json"];

/// A workshop of a name of its own, with a client that reaches it one of the [`WAYS`].
pub async fn bench(name: &str, way: &str) -> Bench {
    let workshop = Workshop::default();
    let seen = Arc::clone(&workshop.0);
    let server = Server::builder()
        .id(name)
        .serve(workshop::serve(workshop))
        .bind(format!("memory://{name}"))
        .drain(Duration::from_secs(5))
        .start()
        .await
        .expect("the name is free");
    let client = connect(name, way).await;
    Bench { server, client, seen }
}

/// Another client of the workshop of this name.
pub async fn connect(name: &str, way: &str) -> workshop::Client {
    workshop::Client::connect(format!("memory://{name}{way}")).await.expect("it is served")
}

/// A name for each way, as names are the process's own.
pub fn named(test: &str, way: &str) -> String {
    if way.is_empty() { test.to_owned() } else { format!("{test}-json") }
}
