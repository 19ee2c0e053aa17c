//! Requests: refused before they are sent, and, of senders that do not ask, before the handler.

use std::collections::BTreeMap;

use magicbutton::{Body, Client, Codec, FaultKind, Server};
use serde_json::{Value, json};

use crate::{
    fault,
    store::{Shop, item, shop},
    told,
};

const WRONG: [(&str, &str); 4] = [
    ("customerId", "length is lower than 1"),
    ("items[0].name", "does not match pattern /^\\w+$/"),
    ("items[0].name", "length is lower than 1"),
    ("items[0].unitPrice", "lower than 1"),
];

#[tokio::test]
async fn a_client_sends_nothing_that_breaks_a_rule() {
    let service = Shop { price: 1, ..Shop::default() };
    let client = shop::Client::in_process(service.clone());
    let items = || vec![item("", 0), item("pen", 1)];
    let fault = fault(client.order(String::new(), items(), None, BTreeMap::new(), None).await);
    assert_eq!((fault.kind(), fault.is_retryable()), (FaultKind::ValidationFailed, false));
    assert_eq!(told(&fault), WRONG);
    let text = fault.message();
    assert!(
        text.starts_with("the payload of shop/order breaks a rule of its contract: `"),
        "{text}"
    );
    assert!(text.ends_with(", and 3 more"), "{text}");

    // As any request of the contract.
    let request = shop::requests::Order {
        customer_id: String::new(),
        items: items(),
        delivery: None,
        spare: BTreeMap::new(),
        note: None,
    };
    let sent = client.send(shop::Request::from(request)).await;
    assert_eq!(told(&crate::fault(sent)), WRONG);

    assert_eq!(service.reached(), 0);
    let right = client.order("c-1".into(), vec![item("pen", 2)], None, BTreeMap::new(), None);
    assert_eq!(right.await.unwrap(), 2);
    let price = shop::requests::Price { item_id: "i".into() };
    assert!(client.send(price.into()).await.is_ok());
    assert_eq!(service.reached(), 2);
}

#[tokio::test]
async fn nothing_is_sent_for_it_not_even_to_nobody() {
    let server = Server::builder().serve(shop::serve(Shop::default())).bind("memory://left");
    let server = server.start().await.unwrap();
    let client = shop::Client::connect("memory://left").await.unwrap();
    server.stop().await.unwrap();
    assert_eq!(fault(client.price("i-1".into()).await).kind(), FaultKind::Unavailable);
    let page = shop::requests::Prices { of: 9 };
    for refused in [
        fault(client.order(String::new(), vec![], None, BTreeMap::new(), None).await),
        fault(client.prices(9).next().await.unwrap()),
        fault(client.send_streamed(page.into()).next().await.unwrap()),
    ] {
        assert_eq!(refused.kind(), FaultKind::ValidationFailed);
    }
}

/// Both ways in: typed values, and bytes.
async fn raw_clients(service: &Shop) -> Vec<(Server, Client)> {
    let mut all = Vec::new();
    for (number, codec) in ["", "?codec=json", "?codec=msgpack"].into_iter().enumerate() {
        let endpoint = format!("memory://raw-{number}{codec}");
        let server = Server::builder().serve(shop::serve(service.clone())).bind(endpoint.as_str());
        let server = server.start().await.unwrap();
        all.push((server, Client::connect(endpoint.as_str()).await.unwrap()));
    }
    let endpoint = "ws://127.0.0.1:0/shop";
    let server = Server::builder().serve(shop::serve(service.clone())).bind(endpoint);
    let server = server.start().await.unwrap();
    let client = Client::connect(server.endpoints().first().unwrap()).await.unwrap();
    all.push((server, client));
    all
}

fn json(value: &Value) -> Body {
    Body::encoded(Codec::JSON, value.to_string())
}

#[tokio::test]
async fn a_server_asks_whoever_has_sent_it() {
    let service = Shop::default();
    for (_server, client) in raw_clients(&service).await {
        let wrong = json!({ "customerId": "", "items": [{ "name": "", "unitPrice": 0 }] });
        for body in [json(&wrong), Body::new(wrong.clone())] {
            let fault = fault(client.call_raw("order", body).await);
            assert_eq!(fault.kind(), FaultKind::ValidationFailed);
            assert_eq!(told(&fault), WRONG);
            // What travels is what is told.
            let details = fault.details().unwrap();
            assert_eq!(details.as_object().unwrap().len(), 1, "{details}");
            assert_eq!(details["violations"].as_array().unwrap().len(), WRONG.len());
            let one = json!({ "path": "customerId", "reason": "length is lower than 1" });
            assert!(details["violations"].as_array().unwrap().contains(&one), "{details}");
        }
        let mut stream = client.stream_raw("prices", json(&json!({ "of": 4 })));
        let refused = fault(stream.next().await.unwrap());
        assert_eq!(told(&refused), [("of", "greater than 3")]);
        assert!(stream.next().await.is_none());
    }
    assert_eq!(service.reached(), 0);
}

#[tokio::test]
async fn what_is_not_of_the_declared_type_is_told_in_the_same_shape() {
    let service = Shop::default();
    for (_server, client) in raw_clients(&service).await {
        for (payload, path, reason) in [
            (json!({ "customerId": 5, "items": [] }), "customerId", "expected a string"),
            (
                json!({ "customerId": "c", "items": [{ "name": "a" }, { "name": "b", "per-box": "x" }] }),
                "items[1].per-box",
                "expected u32",
            ),
            (json!({ "items": [] }), "", "missing field `customerId`"),
        ] {
            let fault = fault(client.call_raw("order", json(&payload)).await);
            assert_eq!(fault.kind(), FaultKind::ValidationFailed);
            let told = told(&fault);
            let [(at, why)] = told[..] else { panic!("{told:?}") };
            // MessagePack says it in words of its own.
            let is_told = why.contains(reason) || why.contains("msgpack");
            assert!(at == path && is_told, "{told:?}");
        }
    }
    assert_eq!(service.reached(), 0);
}

#[tokio::test]
async fn a_rule_of_the_whole_is_about_no_field() {
    let client = shop::Client::in_process(Shop::default());
    let items = vec![item("pen", 1)];
    let noted = client.order("c".into(), items, None, BTreeMap::new(), Some("ring twice".into()));
    assert_eq!(told(&fault(noted.await)), [("", "a note needs a delivery")]);
}

#[tokio::test]
async fn a_field_that_is_to_be_skipped_is_skipped() {
    let client = shop::Client::in_process(Shop::default());
    let page = shop::Page { items: vec![item("", 0)], next: None };
    assert_eq!(client.page(page.clone()).await.unwrap(), page);
}

#[tokio::test]
async fn a_value_with_very_many_faults_has_a_short_answer() {
    let client = Client::in_process(shop::serve(Shop::default()));
    let items: Vec<Value> = (0..5000).map(|_| json!({ "name": "a", "unitPrice": 0 })).collect();
    let many = json!({ "customerId": "c", "items": items });
    let fault = fault(client.call_raw("order", json(&many)).await);
    assert_eq!(fault.violations().count(), 256);
    assert_eq!(fault.details().unwrap()["omitted"], 5000 - 256);
}

#[test]
fn rules_are_no_part_of_the_shape() {
    #[allow(dead_code)]
    mod with {
        magicbutton::contract!(
            #[contract(version = "1.0.0")]
            pub mod shop {
                struct Thing {
                    #[garde(length(min = 1))]
                    name: String,
                }
                #[event]
                struct Sold {
                    #[garde(dive)]
                    thing: Thing,
                }
                #[request]
                async fn sell(#[garde(dive)] thing: Thing);
            }
        );
    }
    #[allow(dead_code)]
    mod without {
        magicbutton::contract!(
            #[contract(version = "1.0.0")]
            pub mod shop {
                struct Thing {
                    name: String,
                }
                #[event]
                struct Sold {
                    thing: Thing,
                }
                #[request]
                async fn sell(thing: Thing);
            }
        );
    }
    assert_eq!(with::shop::CONTRACT.fingerprint, without::shop::CONTRACT.fingerprint);
}
