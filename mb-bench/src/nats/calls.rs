//! A call by the engine's own client with JSON, and the same call by a contract.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_nats::Client as NatsClient;
use futures_util::StreamExt;
use magicbutton::{Client, Server};

use crate::{
    payload::{CreateOrder, Order, create_order, items, new_order, shop},
    ws::{magicbutton::Shop, wire::Wire},
};

/// Rows of one run do not hear each other.
fn fresh(what: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Request and reply as a person would write them: subscribe, decode, encode, publish.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    pub(super) port: u16,
}

pub(super) struct RawClient {
    nats: NatsClient,
    subject: String,
}

pub(super) async fn raw(port: u16) -> io::Result<NatsClient> {
    async_nats::connect(format!("127.0.0.1:{port}")).await.map_err(io::Error::other)
}

impl Wire for Raw {
    type Server = ();
    type Client = RawClient;

    async fn serve(self) -> io::Result<(String, ())> {
        let nats = raw(self.port).await?;
        let subject = fresh("raw");
        let mut requests = nats
            .queue_subscribe(subject.clone(), "q".to_owned())
            .await
            .map_err(io::Error::other)?;
        nats.flush().await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let Some(reply) = request.reply else { continue };
                let Ok(order) = serde_json::from_slice::<CreateOrder>(&request.payload) else {
                    continue;
                };
                let order = new_order(&order.customer_id, &order.items);
                let Ok(order) = serde_json::to_vec(&order) else { continue };
                if nats.publish(reply, order.into()).await.is_err() {
                    return;
                }
            }
        });
        Ok((subject, ()))
    }

    async fn connect(self, subject: &str) -> io::Result<RawClient> {
        Ok(RawClient { nats: raw(self.port).await?, subject: subject.to_owned() })
    }

    async fn call(client: &RawClient) -> io::Result<Order> {
        let request = serde_json::to_vec(&create_order())?;
        let reply = client.nats.request(client.subject.clone(), request.into()).await;
        let reply = reply.map_err(io::Error::other)?;
        Ok(serde_json::from_slice(&reply.payload)?)
    }
}

/// Ours, as a user would.
#[derive(Clone, Copy)]
pub(super) struct MagicButton {
    pub(super) port: u16,
}

pub(super) async fn server(port: u16) -> io::Result<(String, Server)> {
    let endpoint = format!("nats://127.0.0.1:{port}/{}", fresh("shop"));
    let server = Server::builder()
        .serve(shop::serve(Shop))
        .bind(endpoint.as_str())
        .start()
        .await
        .map_err(io::Error::other)?;
    Ok((endpoint, server))
}

impl Wire for MagicButton {
    type Server = Server;
    type Client = shop::Client;

    async fn serve(self) -> io::Result<(String, Server)> {
        server(self.port).await
    }

    async fn connect(self, endpoint: &str) -> io::Result<shop::Client> {
        let client = Client::connect(endpoint).await;
        client.and_then(|client| client.typed()).map_err(io::Error::other)
    }

    async fn call(client: &shop::Client) -> io::Result<Order> {
        client.create_order("customer-1".into(), items()).await.map_err(io::Error::other)
    }
}
