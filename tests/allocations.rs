//! What a call in process allocates, counted: the payload's own allocations apart, at most four.
#![allow(clippy::unwrap_used)]

use futures_util::FutureExt;
use magicbutton::{Context, Reply, contract};

contract!(
    #[contract(version = "1.0.0")]
    mod shop {
        struct Item {
            product_id: String,
            quantity: u32,
        }
        struct Order {
            id: String,
            total: f64,
        }

        #[request]
        async fn create_order(customer_id: String, items: Vec<Item>) -> Order;
    }
);

struct Shop;

impl shop::Service for Shop {
    async fn create_order(
        &self,
        _: &Context,
        customer_id: String,
        items: Vec<shop::Item>,
    ) -> Reply<shop::Order> {
        let total = items.iter().map(|item| f64::from(item.quantity)).sum();
        Ok(shop::Order { id: customer_id, total })
    }
}

#[test]
fn a_call_in_process_allocates_at_most_four_times() {
    let client = shop::Client::in_process(Shop);
    let order = || {
        let item = |quantity| shop::Item { product_id: "p".to_owned(), quantity };
        ("customer".to_owned(), vec![item(1), item(2), item(3)])
    };
    let call = |(customer_id, items)| {
        client.create_order(customer_id, items).now_or_never().unwrap().unwrap()
    };
    call(order());
    let payload = order();
    let counted = allocation_counter::measure(|| drop(call(payload)));
    println!("a call in process allocates {} times", counted.count_total);
    assert!(counted.count_total <= 4, "{counted:?}");
    // Three today: the request, the handler's future, the reply.
    assert!(counted.count_total > 0, "the counter counts");
}
