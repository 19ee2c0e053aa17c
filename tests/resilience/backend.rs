//! A backend that does as the test says, and clients that reach it over a network of the tests' own.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use magicbutton::{
    Client, ClientBuilder, Context, Failure, Fault, Reply, Server, ServerBuilder, Stream, contract,
};
use tokio::time::{Instant, sleep};

use crate::wire::Wire;

pub const SECOND: Duration = Duration::from_secs(1);
pub const MS: Duration = Duration::from_millis(1);

contract!(
    /// A shop.
    #[contract(version = "1.0.0")]
    pub mod shop {
        #[event]
        struct Visited {
            by: String,
        }

        #[error]
        enum ShopError {
            #[error(status = 404, message = "there is no such thing")]
            NoSuchThing,
            #[error(status = 409, message = "somebody was faster", retryable)]
            Busy,
        }

        /// What it costs.
        #[request(idempotent)]
        async fn price(thing: u32) -> Result<u32, ShopError>;

        /// Buys it.
        #[request]
        async fn order(thing: u32) -> Result<u32, ShopError>;

        /// What all of them cost.
        #[request]
        fn prices(count: u32) -> impl Stream<Item = Result<u32, ShopError>>;
    }
);

pub use shop::{Client as ShopClient, ShopError, Visited};

/// What becomes of the `nth` call of the backend, counted from nought, and after which time.
pub type Plan = dyn FnMut(usize) -> (Duration, Result<(), Failure<ShopError>>) + Send;

/// What the test sees of the backend, and tells it.
pub struct Backend {
    plan: Mutex<Box<Plan>>,
    begun: Mutex<Vec<Instant>>,
    pub finished: AtomicUsize,
}

impl Backend {
    /// One that answers after 5 ms, as this says.
    pub fn new(
        mut plan: impl FnMut(usize) -> Result<(), Failure<ShopError>> + Send + 'static,
    ) -> Arc<Self> {
        Self::timed(move |nth| (5 * MS, plan(nth)))
    }

    pub fn timed(
        plan: impl FnMut(usize) -> (Duration, Result<(), Failure<ShopError>>) + Send + 'static,
    ) -> Arc<Self> {
        let plan: Box<Plan> = Box::new(plan);
        Arc::new(Self {
            plan: Mutex::new(plan),
            begun: Mutex::default(),
            finished: AtomicUsize::new(0),
        })
    }

    /// From now on it does as this says.
    pub fn now(
        &self,
        mut plan: impl FnMut(usize) -> Result<(), Failure<ShopError>> + Send + 'static,
    ) {
        *self.plan.lock().unwrap() = Box::new(move |nth| (5 * MS, plan(nth)));
    }

    /// How many calls have reached it.
    pub fn calls(&self) -> usize {
        self.begun.lock().unwrap().len()
    }

    /// When they did.
    pub fn begun(&self) -> Vec<Instant> {
        self.begun.lock().unwrap().clone()
    }

    async fn work(&self) -> Result<(), Failure<ShopError>> {
        let (time, result) = {
            let mut begun = self.begun.lock().unwrap();
            begun.push(Instant::now());
            (self.plan.lock().unwrap())(begun.len() - 1)
        };
        sleep(time).await;
        self.finished.fetch_add(1, Ordering::SeqCst);
        result
    }
}

pub fn down() -> Failure<ShopError> {
    Fault::unavailable("the database is gone").into()
}

#[derive(Clone)]
struct Shop(Arc<Backend>);

impl shop::Service for Shop {
    async fn price(&self, _: &Context, thing: u32) -> Reply<u32, ShopError> {
        self.0.work().await.map(|()| 10 * thing)
    }

    async fn order(&self, _: &Context, thing: u32) -> Reply<u32, ShopError> {
        self.0.work().await.map(|()| thing)
    }

    /// The first item is as planned, the last as planned next.
    fn prices(&self, _: &Context, count: u32) -> impl Stream<Item = Reply<u32, ShopError>> + Send {
        let items = stream::iter(0..count.saturating_sub(1)).then(move |thing| async move {
            match thing {
                0 => self.0.work().await.map(|()| 0),
                thing => Ok(10 * thing),
            }
        });
        let last = stream::once(async move { self.0.work().await.map(|()| 10 * (count - 1)) });
        items.chain(last)
    }
}

/// The shop is served for as long as this is there.
pub struct Open {
    pub wire: Wire,
    pub server: Server,
}

/// A shop with this backend.
pub async fn open(backend: &Arc<Backend>) -> Open {
    open_with(backend, |server| server).await
}

/// A shop with this backend, on a server that is set up so.
pub async fn open_with(
    backend: &Arc<Backend>,
    set_up: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> Open {
    let wire = Wire::default();
    wire.set_latency(MS);
    let server = Server::builder()
        .transport(wire.clone())
        .serve(shop::serve(Shop(Arc::clone(backend))))
        .bind("wire://shop");
    let server = set_up(server).start().await.unwrap();
    Open { wire, server }
}

impl Open {
    /// A client that is set up so.
    pub async fn client(
        &self,
        set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> shop::Client {
        self.untyped(set_up).await.typed().unwrap()
    }

    pub async fn untyped(&self, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        let client = set_up(Client::builder().transport(self.wire.clone()));
        client.connect("wire://shop").await.unwrap()
    }
}

/// Numbers from 0 to 1 that are the same each time.
pub fn random(mut seed: u64) -> impl FnMut() -> f64 + Send {
    move || {
        // xorshift64*
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        (seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub fn fault<T: std::fmt::Debug>(reply: Reply<T, ShopError>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("a fault was expected, not {other:?}"),
    }
}

/// Calls every so often, so many times, each without waiting for those before; and what became of
/// them.
pub async fn calls_every(
    pause: Duration,
    count: u32,
    client: &shop::Client,
) -> Vec<Reply<u32, ShopError>> {
    let mut calls = Vec::new();
    let start = Instant::now();
    for nth in 0..count {
        tokio::time::sleep_until(start + pause * nth).await;
        let client = client.clone();
        calls.push(tokio::spawn(async move { client.price(nth).await }));
    }
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.unwrap());
    }
    replies
}
