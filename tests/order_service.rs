//! The order service example, where its own script cannot reach: on many threads at once, and as
//! two programs.
#![allow(clippy::unwrap_used)]

#[path = "../examples/order_service/contract.rs"]
#[allow(dead_code)]
mod contract;
mod example;
#[path = "common/nats_server.rs"]
mod nats_server;
#[path = "../examples/order_service/order_service.rs"]
#[allow(dead_code)]
mod order_service;
#[path = "../examples/order_service/product_service.rs"]
#[allow(dead_code)]
mod product_service;
#[path = "../examples/order_service/store.rs"]
#[allow(dead_code)]
mod store;

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use contract::{
    orders,
    products::{self, Item, Product},
};
use example::example;
use magicbutton::Actor;
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
    let of_role = |role: String| Actor { roles: vec![role], ..Actor::new("racing") };
    let service = ProductService::new(None, vec![unicorn]);
    let shop = of_role(products::Role::OrderService.to_string());
    let products = products::Client::in_process_as(service, shop);
    let service = OrderService::new(None, products.clone());
    let orders =
        orders::Client::in_process_as(service, of_role(orders::Role::Customer.to_string()));
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

#[test]
fn two_programs_come_to_the_same_totals_as_one() {
    let alone = example("order_service").output().unwrap();
    assert!(alone.status.success(), "{alone:?}");

    let (mut server, mut said) = Serving::start("ws://127.0.0.1:0/orders", None);
    let together = play(&server.endpoint);
    assert!(together.status.success(), "{together:?}");
    assert_eq!(summary(&together), summary(&alone));

    // What is left is not what the file counts on: told before anything is ordered.
    let again = play(&server.endpoint);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(
        again.stdout.is_empty() && text(&again.stderr).contains("start a new one"),
        "{again:?}"
    );

    if cfg!(unix) {
        let pid = server.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(server.process.wait().unwrap().success());
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "SIGTERM: draining\nstopped: every call was answered\n");
        assert_eq!(play(&server.endpoint).status.code(), Some(1), "nobody is there any more");
    }
}

#[test]
fn three_programs_over_nats_come_to_the_same_totals_as_one() {
    let Some(engine) = nats_server::start() else { return };
    let alone = example("order_service").output().unwrap();
    let endpoint = engine.url("orders");
    let (mut one, mut said) = Serving::start(&endpoint, Some(engine.folder()));
    let (_two, _said) = Serving::start(&endpoint, Some(engine.folder()));
    let together = play(&endpoint);
    assert!(together.status.success(), "{together:?}");
    assert_eq!(summary(&together), summary(&alone));
    if cfg!(unix) {
        let pid = one.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(one.process.wait().unwrap().success());
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "SIGTERM: draining\nstopped: every call was answered\n");
        let again = play(&endpoint);
        assert!(
            text(&again.stderr).contains("start a new one"),
            "the other one answers: {again:?}"
        );
    }
}

#[test]
fn who_does_not_know_how_to_use_it_is_told() {
    for arguments in [&["serve"][..], &["play"], &["dance", "ws://127.0.0.1:9080/orders"]] {
        let told = example("order_service").args(arguments).output().unwrap();
        assert_eq!(told.status.code(), Some(2), "{told:?}");
        assert!(text(&told.stderr).starts_with("usage: order_service"), "{told:?}");
    }
}

/// The example as a server. It ends with the test, however that ends.
struct Serving {
    process: Child,
    endpoint: String,
}

impl Serving {
    fn start(endpoint: &str, folder: Option<&Path>) -> (Self, impl Read + use<>) {
        let mut server = example("order_service");
        let server = server.args(["serve", endpoint]).args(folder).stdout(Stdio::piped()).spawn();
        let mut serving = Self { process: server.unwrap(), endpoint: String::new() };
        let mut said = BufReader::new(serving.process.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        serving.endpoint = first.split_whitespace().last().unwrap().to_owned();
        (serving, said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn play(endpoint: &str) -> Output {
    example("order_service").args(["play", endpoint]).output().unwrap()
}

/// What is printed when everything has been played.
fn summary(output: &Output) -> &str {
    let text = text(&output.stdout);
    text.split_once("\n\n").unwrap().1
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
