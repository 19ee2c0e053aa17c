//! The payload that every row carries: an order of three items, and what it costs.

use magicbutton::contract;

pub(crate) use shop::{Item, Order, requests::CreateOrder};

contract!(
    #[contract(version = "1.0.0")]
    pub(crate) mod shop {
        struct Item {
            product_id: String,
            quantity: u32,
        }

        enum Status {
            Pending,
        }

        struct Order {
            id: String,
            total: f64,
            status: Status,
        }

        #[event]
        struct OrderCreated {
            order: Order,
        }

        #[request]
        async fn create_order(customer_id: String, items: Vec<Item>) -> Order;
    }
);

/// Four allocations: the list, and an id each.
pub(crate) fn items() -> Vec<Item> {
    (1..=3).map(|quantity| Item { product_id: "product-1".to_owned(), quantity }).collect()
}

/// One allocation: the id.
pub(crate) fn new_order(customer_id: &str, items: &[Item]) -> Order {
    let quantity: u32 = items.iter().map(|item| item.quantity).sum();
    let total = f64::from(quantity) * 9.5 + customer_id.len() as f64;
    Order { id: "order-00000000001".to_owned(), total, status: shop::Status::Pending }
}

/// What travels where a call crosses a wire.
pub(crate) fn create_order() -> CreateOrder {
    CreateOrder { customer_id: "customer-1".to_owned(), items: items() }
}
