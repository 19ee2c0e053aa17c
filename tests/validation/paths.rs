//! Where it is, in the names that travel: however serde is told to write them.

use std::collections::BTreeMap;

use magicbutton::{Body, Client, Context, Reply, contract, garde};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    fault,
    store::{Shop, shop},
    told,
};

async fn told_of(client: &Client, name: &str, payload: Value) -> Vec<String> {
    let fault = fault(client.call_raw(name, Body::new(payload)).await);
    told(&fault).into_iter().map(|(path, _)| path.to_owned()).collect()
}

#[tokio::test]
async fn nested_renamed_and_from_elsewhere() {
    let client = Client::in_process(shop::serve(Shop::default()));
    let item =
        |price: u32, boxed: u32| json!({ "name": "pen", "unitPrice": price, "per-box": boxed });
    let order = |delivery: Value, spare: Value| {
        let items = [item(1, 0), item(1, 0), item(0, 3)];
        json!({ "customerId": "c", "items": items, "delivery": delivery, "spare": spare })
    };
    let own = ["items[2].per-box", "items[2].unitPrice"];
    assert_eq!(told_of(&client, "order", order(Value::Null, json!({}))).await, own);
    // A type from elsewhere says its names in Rust: what they are on the wire is found there.
    let post = json!({ "post": { "address": { "streetName": "", "zipCode": "no" } } });
    let all = told_of(&client, "order", order(post, json!({ "blue": item(1, 1) }))).await;
    let foreign = ["delivery.post.address.streetName", "delivery.post.address.zipCode"];
    assert_eq!(all[..2], foreign);
    assert_eq!(all[2..], [own[0], own[1], "spare.blue.per-box"]);
    let courier = told_of(&client, "order", order(json!({ "courier": "x" }), json!({}))).await;
    assert_eq!(courier[0], "delivery.courier");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, garde::Validate)]
#[serde(tag = "kind", content = "of", rename_all = "camelCase")]
pub enum Shape {
    Circle {
        #[garde(range(min = 1))]
        radius_in_cm: u32,
    },
    Point,
}

/// On the wire it is its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, garde::Validate)]
#[serde(transparent)]
pub struct Isbn(#[garde(length(equal = 10))] pub String);

contract!(
    #[contract(version = "1.0.0")]
    mod library {
        use std::collections::BTreeMap;

        use super::{Isbn, Shape};

        struct Plain {
            #[garde(length(min = 1))]
            r#type: String,
        }

        struct Base {
            #[garde(length(min = 1))]
            shelf_mark: String,
        }

        struct Pin(#[garde(length(min = 4))] String);

        struct Pair(#[garde(range(max = 1))] u32, #[garde(range(max = 1))] u32);

        enum Loan {
            Days(#[garde(range(max = 1))] u32),
            Between(#[garde(range(max = 1))] u32, #[garde(range(max = 1))] u32),
        }

        #[serde(rename_all = "kebab-case")]
        struct Book {
            #[garde(dive)]
            #[serde(flatten)]
            base: Base,
            #[garde(dive)]
            main_isbn: Isbn,
            #[garde(dive)]
            pin_code: Pin,
            #[garde(dive)]
            page_range: Pair,
            #[garde(dive)]
            cover_shape: Shape,
            #[garde(dive)]
            past_loans: Vec<Loan>,
            #[garde(inner(length(min = 2)))]
            all_tags: Vec<String>,
            #[garde(dive)]
            by_year: BTreeMap<String, Vec<Plain>>,
        }

        #[request]
        async fn add(#[garde(dive)] new_books: Vec<Book>);
    }
);

struct Library;

impl library::Service for Library {
    async fn add(&self, _: &Context, _: Vec<library::Book>) -> Reply<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_way_in_which_serde_writes_something() {
    let client = library::Client::in_process(Library);
    let book = library::Book {
        base: library::Base { shelf_mark: String::new() },
        main_isbn: Isbn("1".into()),
        pin_code: library::Pin("1".into()),
        page_range: library::Pair(1, 2),
        cover_shape: Shape::Circle { radius_in_cm: 0 },
        past_loans: vec![library::Loan::Days(2), library::Loan::Between(1, 2)],
        all_tags: vec!["ok".into(), "x".into()],
        by_year: BTreeMap::from([(
            "1999".into(),
            vec![library::Plain { r#type: "a".into() }, library::Plain { r#type: "".into() }],
        )]),
    };
    let fault = fault(client.add(vec![book]).await);
    let told: Vec<&str> = told(&fault).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        told,
        [
            "newBooks[0].all-tags[1]",
            "newBooks[0].by-year.1999[1].type",
            "newBooks[0].cover-shape.of.radius_in_cm",
            "newBooks[0].main-isbn",
            "newBooks[0].page-range[1]",
            "newBooks[0].past-loans[0].days",
            "newBooks[0].past-loans[1].between[1]",
            "newBooks[0].pin-code",
            "newBooks[0].shelfMark",
        ]
    );
}
