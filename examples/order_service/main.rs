//! Three services hold typed conversations over `memory://`: orders are taken, products reserved
//! for them, customers notified. Plays `orders.json`, prints what happens and a summary, and exits
//! with a failure if the totals are off.
//!
//! `cargo run --example order_service`

mod contract;
mod notifications;
mod order_service;
mod play;
mod product_service;
mod summary;

use std::{error::Error, process::ExitCode};

use contract::{orders, products};
use magicbutton::Server;
use notifications::Notifications;
use order_service::OrderService;
use play::Script;
use product_service::ProductService;

const SCRIPT: &str = include_str!("orders.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let script: Script = serde_json::from_str(SCRIPT)?;

    let product_server = Server::builder()
        .id("product-service")
        .serve(products::serve(ProductService::new(script.stock.clone())))
        .bind("memory://products")
        .start()
        .await?;
    let products = products::Client::connect("memory://products").await?;

    let order_server = Server::builder()
        .id("order-service")
        .serve(orders::serve(OrderService::new(products.clone())))
        .bind("memory://orders")
        .start()
        .await?;
    let orders = orders::Client::connect("memory://orders").await?;

    let notifications = Notifications::start(&orders).await?;
    let played = play::play(&script, &orders).await;
    let sent = notifications.finish().await;
    let stock = products.list().await?;

    order_server.stop().await?;
    product_server.stop().await?;
    let adds_up = summary::report(&script, &played, sent, &stock);
    Ok(if adds_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
