//! One event to a thousand subscribers of this process: all are told, then all read. The floor is a
//! bounded channel for each, and a shared pointer sent into it.

use std::{io, sync::Arc};

use magicbutton::{Client, Received, Server, Subscription};
use tokio::{
    runtime::Runtime,
    sync::{Mutex, mpsc},
};

use super::Shop;
use crate::{
    measure::{Rate, Threads},
    payload::{Order, items, new_order, shop},
};

const SUBSCRIBERS: usize = 1_000;
const EVENTS: usize = 50;
/// As much as a subscription has by default: more than the events of a round.
const ROOM: usize = 256;

/// Every row; the first is the floor.
pub(crate) fn subjects() -> io::Result<Vec<Rate>> {
    Ok(vec![floor()?, subscriptions()?, clients()?])
}

fn order() -> Order {
    new_order("customer-1", &items())
}

fn floor() -> io::Result<Rate> {
    let runtime = Threads::One.runtime()?;
    let (senders, readers): (Vec<_>, Vec<_>) =
        (0..SUBSCRIBERS).map(|_| mpsc::channel::<Arc<Order>>(ROOM)).unzip();
    let readers = Mutex::new(readers);
    Ok(Rate::new("floor_mpsc_arc", EVENTS * SUBSCRIBERS, move || {
        runtime.block_on(async {
            for _ in 0..EVENTS {
                let order = Arc::new(order());
                for sender in &senders {
                    sender.try_send(Arc::clone(&order)).map_err(io::Error::other)?;
                }
            }
            for reader in readers.lock().await.iter_mut() {
                for _ in 0..EVENTS {
                    reader.recv().await.ok_or_else(|| io::Error::other("a channel is closed"))?;
                }
            }
            Ok(())
        })
    }))
}

/// A thousand subscriptions of one client.
fn subscriptions() -> io::Result<Rate> {
    let (runtime, server) = serve("memory://bench-subscriptions")?;
    let (client, readers) = runtime.block_on(async {
        let client = connect("memory://bench-subscriptions").await?;
        let mut readers = Vec::new();
        for _ in 0..SUBSCRIBERS {
            readers.push(subscribe(&client).await?);
        }
        io::Result::Ok((client, readers))
    })?;
    Ok(rate("magicbutton_subscriptions", runtime, server, readers, client))
}

/// A thousand clients with a subscription each.
fn clients() -> io::Result<Rate> {
    let (runtime, server) = serve("memory://bench-clients")?;
    let (clients, readers): (Vec<_>, Vec<_>) = runtime.block_on(async {
        let mut both = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let client = connect("memory://bench-clients").await?;
            let reader = subscribe(&client).await?;
            both.push((client, reader));
        }
        io::Result::Ok(both.into_iter().unzip())
    })?;
    Ok(rate("magicbutton_clients", runtime, server, readers, clients))
}

fn serve(endpoint: &str) -> io::Result<(Runtime, Server)> {
    let runtime = Threads::One.runtime()?;
    let server = Server::builder().serve(shop::serve(Shop)).bind(endpoint).max_clients(SUBSCRIBERS);
    let server = runtime.block_on(server.start()).map_err(io::Error::other)?;
    Ok((runtime, server))
}

async fn connect(endpoint: &str) -> io::Result<Client> {
    Client::connect(endpoint).await.map_err(io::Error::other)
}

async fn subscribe(client: &Client) -> io::Result<Subscription<shop::OrderCreated>> {
    client.subscribe().await.map_err(io::Error::other)
}

fn rate(
    name: &'static str,
    runtime: Runtime,
    server: Server,
    readers: Vec<Subscription<shop::OrderCreated>>,
    // Kept, as its subscriptions end with it.
    clients: impl Sized + 'static,
) -> Rate {
    let readers = Mutex::new(readers);
    Rate::new(name, EVENTS * SUBSCRIBERS, move || {
        let _kept = &clients;
        runtime.block_on(async {
            for _ in 0..EVENTS {
                let event = shop::OrderCreated { order: order() };
                server.broadcast(event).await.map_err(io::Error::other)?;
            }
            for reader in readers.lock().await.iter_mut() {
                for _ in 0..EVENTS {
                    let event: Option<Received<_>> = reader.next().await;
                    event.ok_or_else(|| io::Error::other("a subscription has ended"))?;
                }
            }
            Ok(())
        })
    })
}
