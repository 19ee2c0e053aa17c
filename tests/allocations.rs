//! What a call in process allocates, counted: the payload's own allocations apart, at most four.
#![allow(clippy::unwrap_used)]

use futures_util::FutureExt;
use magicbutton::{Actor, Context, Reply, contract};

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

contract!(
    #[contract(version = "1.0.0")]
    mod safe {
        #[roles]
        enum Role {
            #[grants("gold:read")]
            Reader,
        }

        #[request]
        #[access(public)]
        async fn look(at: u32) -> u32;

        #[request]
        #[access("gold:read")]
        async fn read(at: u32) -> u32;
    }
);

struct Safe;

impl safe::Service for Safe {
    async fn look(&self, _: &Context, at: u32) -> Reply<u32> {
        Ok(at)
    }

    async fn read(&self, _: &Context, at: u32) -> Reply<u32> {
        Ok(at)
    }
}

#[test]
fn asking_who_may_allocates_nothing() {
    let reader = || Actor { roles: vec!["reader".to_owned()], ..Actor::new("ann") };
    let client = safe::Client::in_process_as(Safe, reader());
    let nobody = safe::Client::in_process(Safe);
    let counted = |call: &dyn Fn() -> u32| {
        call();
        allocation_counter::measure(|| _ = call()).count_total
    };
    let open = counted(&|| nobody.look(1).now_or_never().unwrap().unwrap());
    assert!(open > 0, "the counter counts");
    assert_eq!(counted(&|| client.look(1).now_or_never().unwrap().unwrap()), open);
    assert_eq!(counted(&|| client.read(1).now_or_never().unwrap().unwrap()), open);
}
