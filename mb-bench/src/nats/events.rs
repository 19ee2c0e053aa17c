//! Events: from the first `publish` of many until a listener on the same engine has the last.

use std::{cell::RefCell, io, rc::Rc, time::Instant};

use futures_util::StreamExt;
use tokio::runtime::Runtime;

use super::calls::{raw as connect, server};
use crate::{
    measure::{Round, Subject, allocations},
    payload::{items, new_order, shop},
    ws::thread::runtime,
};

const EVENTS: usize = 20_000;

/// One way to announce an event, on its runtime.
struct Announcing<F> {
    runtime: Runtime,
    announce: F,
    heard: RefCell<async_nats::Subscriber>,
}

/// What the engine's own client does.
pub(super) fn raw(name: &'static str, port: u16) -> io::Result<Subject> {
    let runtime = runtime()?;
    let (nats, heard) = runtime.block_on(async {
        let nats = connect(port).await?;
        let heard = listener(port, "raw.events").await?;
        io::Result::Ok((nats, heard))
    })?;
    let announce = move || {
        let nats = nats.clone();
        async move {
            let event = shop::OrderCreated { order: new_order("customer-1", &items()) };
            let event = serde_json::to_vec(&event).expect("an order is JSON");
            nats.publish("raw.events", event.into()).await.expect("the engine takes it");
        }
    };
    Ok(subject(name, Announcing { runtime, announce, heard: heard.into() }))
}

/// Ours.
pub(super) fn magicbutton(name: &'static str, port: u16) -> io::Result<Subject> {
    let runtime = runtime()?;
    let (server, heard) = runtime.block_on(async {
        let (endpoint, server) = server(port).await?;
        let prefix = endpoint.rsplit('/').next().unwrap_or_default().to_owned();
        let heard = listener(port, &format!("{prefix}.shop.v1.evt.orderCreated")).await?;
        io::Result::Ok((server, heard))
    })?;
    let announce = move || {
        let server = server.clone();
        async move {
            let order = new_order("customer-1", &items());
            server.broadcast(shop::OrderCreated { order }).await.expect("the server is up");
        }
    };
    Ok(subject(name, Announcing { runtime, announce, heard: heard.into() }))
}

/// The listener has a thread of its own engine connection, and reads as fast as it can.
async fn listener(port: u16, subject: &str) -> io::Result<async_nats::Subscriber> {
    let nats = connect(port).await?;
    let heard = nats.subscribe(subject.to_owned()).await.map_err(io::Error::other)?;
    nats.flush().await.map_err(io::Error::other)?;
    Ok(heard)
}

fn subject<F, Fut>(name: &'static str, announcing: Announcing<F>) -> Subject
where
    F: Fn() -> Fut + 'static,
    Fut: Future<Output = ()>,
{
    let announcing = Rc::new(announcing);
    let counted = Rc::clone(&announcing);
    let round = move || {
        let mut heard = announcing.heard.borrow_mut();
        let start = Instant::now();
        announcing.runtime.block_on(async {
            let publishing = async {
                for _ in 0..EVENTS {
                    (announcing.announce)().await;
                }
            };
            let hearing = async {
                for _ in 0..EVENTS {
                    heard.next().await.expect("the engine is up");
                }
            };
            futures_util::future::join(publishing, hearing).await;
        });
        let each = start.elapsed().as_secs_f64() / EVENTS as f64;
        Round::new(vec![each * 1e6], 1.0 / each)
    };
    Subject::of(name, round, move || allocations(&counted.runtime, &counted.announce))
}
