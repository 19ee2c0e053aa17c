//! What the tests talk over, and who serves it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use magicbutton::{Context, Reply, Server, ServerBuilder, Stream, contract};

contract!(
    /// What the tests of NATS talk over.
    #[contract(version = "1.2.0")]
    pub mod depot {
        #[event]
        struct Arrived {
            parcel: String,
        }

        /// Somebody has to be told, now or later.
        #[event(durable)]
        struct Paid {
            number: u64,
        }

        #[error]
        enum DepotError {
            #[error(status = 404, message = "no parcel {parcel}")]
            NoParcel { parcel: String },
        }

        /// Finds a parcel.
        #[request]
        async fn find(parcel: String) -> Result<String, DepotError>;

        /// Takes its time, and notes which call it was.
        #[request]
        async fn work(number: u64, millis: u64) -> String;

        #[request]
        async fn tell(client_id: String, parcel: String);

        #[request]
        async fn announce(parcel: String);

        #[request]
        fn count(limit: u32) -> impl Stream<Item = u32>;
    }
);

/// How often each call was carried out, by all servers together.
pub type Done = Arc<Mutex<HashMap<u64, usize>>>;

#[derive(Default, Clone)]
pub struct Depot {
    pub name: String,
    pub done: Done,
}

impl depot::Service for Depot {
    async fn find(&self, _: &Context, parcel: String) -> Reply<String, depot::DepotError> {
        match parcel.as_str() {
            "lost" | "lost\r\n" => Err(depot::DepotError::NoParcel { parcel }.into()),
            parcel => Ok(format!("{parcel} is here")),
        }
    }

    async fn work(&self, _: &Context, number: u64, millis: u64) -> Reply<String> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        *self.done.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default() += 1;
        Ok(self.name.clone())
    }

    async fn tell(&self, cx: &Context, client_id: String, parcel: String) -> Reply<()> {
        Ok(cx.send_to(&client_id, depot::Arrived { parcel }).await?)
    }

    async fn announce(&self, cx: &Context, parcel: String) -> Reply<()> {
        Ok(cx.broadcast(depot::Arrived { parcel }).await?)
    }

    fn count(&self, _: &Context, limit: u32) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter((0..limit).map(Ok))
    }
}

/// A server of the depot about to be started.
pub fn server(name: &str, done: &Done) -> ServerBuilder {
    let depot = Depot { name: name.to_owned(), done: Arc::clone(done) };
    Server::builder().id(name).serve(depot::serve(depot))
}
