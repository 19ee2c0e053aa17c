//! Replies: held to their rules where the client asks for it.

use magicbutton::{Client, FaultKind, Server};

use crate::{
    fault,
    store::{Shop, item, shop},
    told,
};

async fn served(endpoint: &str) -> Server {
    let service = shop::serve(Shop { price: 1, ..Shop::default() });
    Server::builder().serve(service).bind(endpoint).start().await.unwrap()
}

#[tokio::test]
async fn a_reply_is_held_to_its_rules_where_that_is_asked_for() {
    let server = Server::builder().serve(shop::serve(Shop::default())).bind("memory://replies");
    let _server = server.start().await.unwrap();
    let trusting: shop::Client =
        Client::connect("memory://replies").await.unwrap().typed().unwrap();
    assert_eq!(trusting.price("i-1".into()).await.unwrap().unit_price, 0);

    let client = Client::builder().check_replies().connect("memory://replies").await.unwrap();
    let checking: shop::Client = client.typed().unwrap();
    let fault = fault(checking.price("i-1".into()).await);
    assert_eq!(fault.kind(), FaultKind::ContractMismatch);
    assert_eq!(told(&fault), [("unitPrice", "lower than 1")]);
    // A generic type's rules, too.
    let page = shop::Page { items: vec![item("pen", 1), item("", 1)], next: None };
    let fault = crate::fault(checking.page(page).await);
    assert!(told(&fault).contains(&("items[1].name", "length is lower than 1")), "{fault}");
}

#[tokio::test]
async fn so_is_each_item_of_a_stream() {
    let _server = served("memory://items").await;
    let client = Client::builder().check_replies().connect("memory://items").await.unwrap();
    let client: shop::Client = client.typed().unwrap();
    let mut items = client.prices(2);
    assert_eq!(items.next().await.unwrap().unwrap().unit_price, 1);
    assert_eq!(fault(items.next().await.unwrap()).kind(), FaultKind::ContractMismatch);
}
