//! The orders: each goes from pending to delivered, or is cancelled on the way. Calls the product
//! service through the typed client of its contract, wherever that service is.

use std::{collections::BTreeMap, path::PathBuf};

use magicbutton::{Context, Failure, Reply};

use serde::{Deserialize, Serialize};

use crate::contract::{
    orders::{
        Order, OrderCreated, OrderError, OrderShipped, OrderStatus, OrderStatusChanged, Service,
    },
    products::{self, Item, StockError},
};
use crate::store::Store;

pub struct OrderService {
    products: products::Client,
    book: Store<Book>,
}

/// Every order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Book {
    orders: BTreeMap<String, Order>,
    last_id: u32,
}

impl OrderService {
    /// Keeps its orders in memory, or in this file, with whoever else does.
    pub fn new(file: Option<PathBuf>, products: products::Client) -> Self {
        Self { products, book: Store::new(file, Book::default()) }
    }

    /// Moves an order on if the rules allow it, and says where it came from.
    fn advance(&self, order_id: &str, to: OrderStatus) -> Reply<(Order, OrderStatus), OrderError> {
        self.book.change(|book| book.advance(order_id, to))?
    }
}

impl Book {
    fn advance(
        &mut self,
        order_id: &str,
        to: OrderStatus,
    ) -> Reply<(Order, OrderStatus), OrderError> {
        let order = self
            .orders
            .get_mut(order_id)
            .ok_or_else(|| OrderError::OrderNotFound { order_id: order_id.to_owned() })?;
        let from = order.status;
        match (from, to) {
            (OrderStatus::Pending, OrderStatus::Processing | OrderStatus::Cancelled)
            | (OrderStatus::Processing, OrderStatus::Shipped | OrderStatus::Cancelled)
            | (OrderStatus::Shipped, OrderStatus::Delivered) => order.status = to,
            (OrderStatus::Cancelled, _) => {
                Err(OrderError::OrderAlreadyCancelled { order_id: order_id.to_owned() })?;
            }
            (current, requested) => {
                Err(OrderError::InvalidOrderStatusTransition { current, requested })?;
            }
        }
        Ok((order.clone(), from))
    }
}

impl Service for OrderService {
    async fn create_order(
        &self,
        cx: &Context,
        customer_id: String,
        items: Vec<Item>,
    ) -> Reply<Order, OrderError> {
        // The call inherits the trace and the deadline of this one.
        let reserved = self.products.reserve(items.clone()).await;
        let total_cents = reserved.map_err(|failure| failure.map_declared(not_available))?;
        let order = self.book.change(|book| {
            book.last_id += 1;
            let (order_id, status) = (format!("o-{}", book.last_id), OrderStatus::Pending);
            let order = Order { order_id, customer_id, items, total_cents, status };
            book.orders.insert(order.order_id.clone(), order.clone());
            order
        })?;
        let (order_id, customer_id) = (order.order_id.clone(), order.customer_id.clone());
        cx.broadcast(OrderCreated { order_id, customer_id, total_cents }).await?;
        Ok(order)
    }

    async fn get_order_by_id(&self, _: &Context, order_id: String) -> Reply<Order, OrderError> {
        let order = self.book.change(|book| book.orders.get(&order_id).cloned())?;
        Ok(order.ok_or(OrderError::OrderNotFound { order_id })?)
    }

    async fn update_order_status(
        &self,
        cx: &Context,
        order_id: String,
        status: OrderStatus,
    ) -> Reply<Order, OrderError> {
        if status == OrderStatus::Cancelled {
            return self.cancel_order(cx, order_id).await;
        }
        let (order, from) = self.advance(&order_id, status)?;
        let changed = OrderStatusChanged { order_id: order_id.clone(), from, to: status };
        cx.broadcast(changed).await?;
        if status == OrderStatus::Shipped {
            let tracking_number = format!("TRACK-{order_id}");
            let carrier = "Parcel Express".to_owned();
            let estimated_delivery = "within 3 days".to_owned();
            cx.broadcast(OrderShipped { order_id, tracking_number, carrier, estimated_delivery })
                .await?;
        }
        Ok(order)
    }

    async fn cancel_order(&self, cx: &Context, order_id: String) -> Reply<Order, OrderError> {
        // Of two that cancel at once, one gets past this line: items are put back once.
        let (order, from) = self.advance(&order_id, OrderStatus::Cancelled)?;
        self.products.release(order.items.clone()).await.map_err(Failure::into_fault)?;
        cx.broadcast(OrderStatusChanged { order_id, from, to: OrderStatus::Cancelled }).await?;
        Ok(order)
    }
}

/// The product service's error as one of ours.
fn not_available(error: StockError) -> OrderError {
    let StockError::NotInStock { product_id, requested, available } = error;
    OrderError::ProductNotAvailable { product_id, requested, available }
}
