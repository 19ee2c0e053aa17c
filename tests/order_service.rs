//! The order service example, where its own script cannot reach: on many threads at once.
#![allow(clippy::unwrap_used)]

#[path = "../examples/order_service/contract.rs"]
#[allow(dead_code)]
mod contract;
#[path = "../examples/order_service/order_service.rs"]
#[allow(dead_code)]
mod order_service;
#[path = "../examples/order_service/product_service.rs"]
#[allow(dead_code)]
mod product_service;

use contract::{
    orders,
    products::{self, Item, Product},
};
use order_service::OrderService;
use product_service::ProductService;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_orders_racing_for_the_last_items_as_many_get_one_as_there_are() {
    let unicorn = Product {
        product_id: "unicorn".into(),
        name: "Unicorn".into(),
        price_cents: 1,
        in_stock: 3,
    };
    let products = products::Client::in_process(ProductService::new(vec![unicorn]));
    let orders = orders::Client::in_process(OrderService::new(products.clone()));
    let racing = (0..64).map(|number| {
        let orders = orders.clone();
        tokio::spawn(async move {
            let item = Item { product_id: "unicorn".into(), quantity: 1 };
            let order = orders.create_order(format!("c-{number}"), vec![item]).await.ok()?;
            // And each is cancelled twice, at the same time.
            let cancel = || orders.cancel_order(order.order_id.clone());
            let (first, second) = tokio::join!(cancel(), cancel());
            Some((first.is_ok(), second.is_ok()))
        })
    });
    let placed = futures_util::future::join_all(racing).await;
    let placed: Vec<_> = placed.into_iter().filter_map(Result::unwrap).collect();
    assert!(placed.len() >= 3, "three were there from the start");
    assert!(placed.iter().all(|(first, second)| first != second), "{placed:?}");
    assert_eq!(products.list().await.unwrap().first().unwrap().in_stock, 3);
}
