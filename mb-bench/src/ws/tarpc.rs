//! A peer without WebSockets: tarpc over TCP, in JSON, as it comes.

use std::{future::ready, io};

use futures_util::StreamExt;
use tarpc::{
    client::Config,
    serde_transport::tcp,
    server::{BaseChannel, Channel},
    tokio_serde::formats::Json,
};

use super::wire::Wire;
use crate::{
    inproc::{Orders, OrdersClient, TarpcShop},
    payload::{Order, items},
};

#[derive(Clone, Copy)]
pub(super) struct Tarpc;

impl Wire for Tarpc {
    type Server = ();
    type Client = OrdersClient;

    async fn serve(self) -> io::Result<(String, ())> {
        let connections = tcp::listen("127.0.0.1:0", Json::default).await?;
        let address = connections.local_addr().to_string();
        let connections = connections.filter_map(|connection| ready(connection.ok()));
        tokio::spawn(connections.map(BaseChannel::with_defaults).for_each(|channel| {
            let each = |handler| async { drop(tokio::spawn(handler)) };
            tokio::spawn(channel.execute(TarpcShop.serve()).for_each(each));
            ready(())
        }));
        Ok((address, ()))
    }

    async fn connect(self, address: &str) -> io::Result<OrdersClient> {
        let transport = tcp::connect(address, Json::default).await?;
        Ok(OrdersClient::new(Config::default(), transport).spawn())
    }

    async fn call(client: &OrdersClient) -> io::Result<Order> {
        let context = tarpc::context::current();
        let reply = client.create_order(context, "customer-1".to_owned(), items());
        reply.await.map_err(io::Error::other)
    }
}
