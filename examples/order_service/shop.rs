//! The services behind their servers: the product service for the order service, in this process,
//! and both of them for everybody, at one endpoint.

use std::{error::Error, path::Path};

use magicbutton::{Client, Endpoint, Server, StopError};

use crate::{
    contract::{orders, products},
    logins::{authenticate, credentials},
    order_service::OrderService,
    product_service::ProductService,
    script,
};

pub struct Shop {
    store: Server,
    front: Server,
}

impl Shop {
    /// With a folder, what is ordered and what is left is kept there, and shared with every other shop
    /// that is opened with it.
    pub async fn open(endpoint: &str, folder: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder)?;
        }
        let file = |name: &str| folder.map(|folder| folder.join(name));
        let service = ProductService::new(file("stock.json"), script()?.stock);
        let store = Server::builder()
            .id("product-service")
            .serve(products::serve(service.clone()))
            .authenticator(authenticate)
            .bind("memory://products")
            .start()
            .await?;
        let login = credentials(products::Role::OrderService);
        let products =
            Client::builder().login(login).connect("memory://products").await?.typed()?;
        let front = Server::builder()
            .id("order-service")
            .serve(orders::serve(OrderService::new(file("orders.json"), products)))
            .serve(products::serve(service))
            .authenticator(authenticate)
            .bind(endpoint)
            .start()
            .await?;
        Ok(Self { store, front })
    }

    /// Where clients connect to, with the real port where port 0 was asked for.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.front.endpoints().first()
    }

    /// Answers what is under way, takes nothing new, and closes.
    pub async fn close(self) -> Result<(), StopError> {
        // Orders under way still need the product service.
        self.front.stop().await?;
        self.store.stop().await
    }
}
