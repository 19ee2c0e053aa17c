//! The peer: jsonrpsee's WebSocket server and client, as they come.

use std::io;

use jsonrpsee::{
    RpcModule,
    async_client::{Client, ClientBuilder},
    client_transport::ws::{Url, WsTransportClientBuilder},
    core::client::ClientT,
    rpc_params,
    server::{Server, ServerHandle},
    types::ErrorObjectOwned,
};

use super::wire::Wire;
use crate::payload::{CreateOrder, Order, create_order, new_order};

#[derive(Clone, Copy)]
pub(super) struct JsonRpsee;

impl Wire for JsonRpsee {
    type Server = ServerHandle;
    type Client = Client;

    async fn serve(self) -> io::Result<(String, ServerHandle)> {
        let server = Server::builder().build("127.0.0.1:0").await?;
        let address = format!("ws://{}", server.local_addr()?);
        let mut module = RpcModule::new(());
        module
            .register_method("createOrder", |params, (), _| {
                let request: CreateOrder = params.one()?;
                Ok::<_, ErrorObjectOwned>(new_order(&request.customer_id, &request.items))
            })
            .map_err(io::Error::other)?;
        Ok((address, server.start(module)))
    }

    async fn connect(self, address: &str) -> io::Result<Client> {
        // What its `WsClientBuilder` does, which cannot be had without TLS.
        let url = Url::parse(address).map_err(io::Error::other)?;
        let transport = WsTransportClientBuilder::default().build(url);
        let (sender, receiver) = transport.await.map_err(io::Error::other)?;
        Ok(ClientBuilder::default().build_with_tokio(sender, receiver))
    }

    async fn call(client: &Client) -> io::Result<Order> {
        let reply = client.request("createOrder", rpc_params![create_order()]);
        reply.await.map_err(io::Error::other)
    }
}
