//! Ours: the contract of the payload, served and called as a user would.

use std::io;

use magicbutton::{Client, Context, Reply, Server};

use super::{fanout::Broadcast, wire::Wire};
use crate::payload::{Order, items, new_order, shop};

/// A call of the contract, in one of the codecs.
#[derive(Clone, Copy)]
pub(super) enum MagicButton {
    Json,
    MessagePack,
}

/// Serves the contract of the payload.
pub(crate) struct Shop;

impl shop::Service for Shop {
    async fn create_order(
        &self,
        _: &Context,
        customer_id: String,
        items: Vec<shop::Item>,
    ) -> Reply<Order> {
        Ok(new_order(&customer_id, &items))
    }
}

async fn server() -> io::Result<(String, Server)> {
    let server = Server::builder()
        .serve(shop::serve(Shop))
        .max_clients(10_000)
        .bind("ws://127.0.0.1:0/shop")
        .start()
        .await
        .map_err(io::Error::other)?;
    let endpoint = server.endpoints().first().map(ToString::to_string).unwrap_or_default();
    Ok((endpoint, server))
}

impl Wire for MagicButton {
    type Server = Server;
    type Client = shop::Client;

    async fn serve(self) -> io::Result<(String, Server)> {
        server().await
    }

    async fn connect(self, address: &str) -> io::Result<shop::Client> {
        let codec = match self {
            Self::Json => "json",
            Self::MessagePack => "msgpack",
        };
        let client = Client::connect(format!("{address}?codec={codec}")).await;
        client.and_then(|client| client.typed()).map_err(io::Error::other)
    }

    async fn call(client: &shop::Client) -> io::Result<Order> {
        client.create_order("customer-1".into(), items()).await.map_err(io::Error::other)
    }
}

/// An event of the contract, to whoever is connected.
#[derive(Clone, Copy)]
pub(super) struct Events;

impl Broadcast for Events {
    const EVENT: &str = "orderCreated";
    type Server = Server;

    async fn serve(self) -> io::Result<(String, Server)> {
        server().await
    }

    async fn publish(server: &Server) -> io::Result<()> {
        let order = new_order("customer-1", &items());
        server.broadcast(shop::OrderCreated { order }).await.map_err(io::Error::other)
    }
}
