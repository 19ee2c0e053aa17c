//! The contract that the tests share, its service, and types from outside of it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::stream;
use magicbutton::{Context, Reply, Stream, contract, garde};

/// A type from elsewhere, with rules by garde's own derive and names of its own on the wire.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, garde::Validate)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    #[garde(length(min = 1))]
    pub street_name: String,
    #[garde(custom(five_digits))]
    pub zip_code: String,
}

fn five_digits(code: &str, _: &()) -> garde::Result {
    let is_right = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_right { Ok(()) } else { Err(garde::Error::new("not five digits")) }
}

pub fn even(number: &u32, _: &()) -> garde::Result {
    if number.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new("not even")) }
}

contract!(
    #[contract(version = "1.0.0")]
    pub mod shop {
        use std::collections::BTreeMap;

        use super::{Address, even};

        struct Item {
            #[garde(length(min = 1, max = 20), pattern(r"^\w+$"))]
            name: String,
            #[garde(range(min = 1))]
            #[serde(default = "super::one")]
            unit_price: u32,
            #[garde(custom(even))]
            #[serde(rename = "per-box", default)]
            boxed: u32,
        }

        enum Delivery {
            None,
            Post {
                #[garde(dive)]
                address: Address,
            },
            Courier(#[garde(length(min = 3))] String),
        }

        struct Page<T> {
            #[garde(dive)]
            items: Vec<T>,
            next: Option<u32>,
        }

        #[event]
        struct Ordered {
            #[garde(length(min = 1))]
            order_id: String,
            #[garde(dive)]
            items: Vec<Item>,
        }

        /// Without rules, beside one that has some.
        #[event]
        struct Closed {
            at: u32,
        }

        /// Places an order.
        #[request]
        #[garde(custom(super::not_both))]
        async fn order(
            #[garde(length(min = 1))] customer_id: String,
            #[garde(dive, length(min = 1))] items: Vec<Item>,
            #[garde(dive)]
            #[serde(default)]
            delivery: Option<Delivery>,
            #[garde(dive)]
            #[serde(default)]
            spare: BTreeMap<String, Item>,
            #[serde(default)] note: Option<String>,
        ) -> u32;

        #[request]
        async fn price(item_id: String) -> Item;

        #[request]
        fn prices(#[garde(range(max = 3))] of: u32) -> impl Stream<Item = Item>;

        #[request]
        async fn page(#[garde(skip)] from: Page<Item>) -> Page<Item>;
    }
);

pub fn one() -> u32 {
    1
}

pub fn not_both(order: &shop::requests::Order, _: &()) -> garde::Result {
    if order.note.is_some() && order.delivery.is_none() {
        return Err(garde::Error::new("a note needs a delivery"));
    }
    Ok(())
}

/// Counts what reaches it, and answers what it is told to.
#[derive(Clone, Default)]
pub struct Shop {
    pub reached: Arc<AtomicUsize>,
    pub price: u32,
}

impl Shop {
    pub fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    fn reach(&self) -> Item {
        self.reached.fetch_add(1, Ordering::SeqCst);
        item("pen", self.price)
    }
}

pub use shop::Item;

pub fn item(name: &str, unit_price: u32) -> Item {
    Item { name: name.into(), unit_price, boxed: 0 }
}

impl shop::Service for Shop {
    async fn order(
        &self,
        _: &Context,
        _: String,
        items: Vec<Item>,
        _: Option<shop::Delivery>,
        _: BTreeMap<String, Item>,
        _: Option<String>,
    ) -> Reply<u32> {
        self.reach();
        Ok(items.iter().map(|item| item.unit_price).sum())
    }

    async fn price(&self, _: &Context, _: String) -> Reply<Item> {
        Ok(self.reach())
    }

    fn prices(&self, _: &Context, of: u32) -> impl Stream<Item = Reply<Item>> + Send {
        self.reach();
        stream::iter((0..of).map(|number| Ok(item("pen", self.price.saturating_sub(number)))))
    }

    async fn page(&self, _: &Context, from: shop::Page<Item>) -> Reply<shop::Page<Item>> {
        self.reach();
        Ok(from)
    }
}
