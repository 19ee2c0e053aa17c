//! A peer without WebSockets: tonic, gRPC over HTTP/2, in protocol buffers, as it comes.

use std::io;

use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Channel, Server, server::TcpIncoming},
};

use super::wire::Wire;
use crate::payload::{self, Order, create_order, new_order};

use shop::{shop_client::ShopClient, shop_server::ShopServer};

mod shop {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/bench.Shop.rs"));
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Item {
    #[prost(string, tag = "1")]
    product_id: String,
    #[prost(uint32, tag = "2")]
    quantity: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CreateOrderRequest {
    #[prost(string, tag = "1")]
    customer_id: String,
    #[prost(message, repeated, tag = "2")]
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OrderReply {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(double, tag = "2")]
    total: f64,
    #[prost(enumeration = "OrderStatus", tag = "3")]
    status: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum OrderStatus {
    Pending = 0,
}

struct Shop;

#[tonic::async_trait]
impl shop::shop_server::Shop for Shop {
    async fn create_order(
        &self,
        request: Request<CreateOrderRequest>,
    ) -> Result<Response<OrderReply>, Status> {
        let CreateOrderRequest { customer_id, items } = request.into_inner();
        let item = |Item { product_id, quantity }| payload::Item { product_id, quantity };
        let items: Vec<payload::Item> = items.into_iter().map(item).collect();
        let Order { id, total, .. } = new_order(&customer_id, &items);
        Ok(Response::new(OrderReply { id, total, status: OrderStatus::Pending.into() }))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Tonic;

impl Wire for Tonic {
    type Server = ();
    type Client = ShopClient<Channel>;

    async fn serve(self) -> io::Result<(String, ())> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().add_service(ShopServer::new(Shop));
        tokio::spawn(server.serve_with_incoming(connections));
        Ok((address, ()))
    }

    async fn connect(self, address: &str) -> io::Result<ShopClient<Channel>> {
        ShopClient::connect(address.to_owned()).await.map_err(io::Error::other)
    }

    async fn call(client: &ShopClient<Channel>) -> io::Result<Order> {
        let payload::CreateOrder { customer_id, items } = create_order();
        let item = |payload::Item { product_id, quantity }| Item { product_id, quantity };
        let items = items.into_iter().map(item).collect();
        let request = CreateOrderRequest { customer_id, items };
        let reply = client.clone().create_order(request).await.map_err(io::Error::other)?;
        let OrderReply { id, total, .. } = reply.into_inner();
        Ok(Order { id, total, status: payload::shop::Status::Pending })
    }
}
