//! What the two services promise: the only thing that they, and the notifications, share.

use magicbutton::contract;

contract!(
    /// Knows what is in stock, and keeps some of it back for orders.
    #[contract(version = "1.0.0")]
    pub mod products {
        /// Everybody may look; whose business the stock is may change it.
        #[roles]
        enum Role {
            #[grants("stock:change")]
            OrderService,
        }

        struct Product {
            product_id: String,
            name: String,
            price_cents: u64,
            in_stock: u32,
        }

        struct Item {
            product_id: String,
            #[garde(range(min = 1))]
            quantity: u32,
        }

        #[error]
        enum StockError {
            #[error(
                status = 400,
                message = "{requested} of {product_id} asked for, {available} there"
            )]
            NotInStock { product_id: String, requested: u32, available: u32 },
        }

        /// Keeps all these items back, or none of them. Answers what they cost, in cents.
        #[request]
        #[access("stock:change")]
        async fn reserve(#[garde(dive)] items: Vec<Item>) -> Result<u64, StockError>;

        /// Puts items back.
        #[request]
        #[access("stock:change")]
        async fn release(#[garde(dive)] items: Vec<Item>);

        /// Everything there is.
        #[request]
        #[access(public)]
        async fn list() -> Vec<Product>;
    }
);

contract!(
    /// Takes orders, and follows them until they are delivered.
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::products::Item;

        #[roles]
        #[derive(Copy)]
        enum Role {
            #[grants("order:create", "order:read", "order:cancel")]
            Customer,
            #[grants("order:read", "order:advance")]
            ShippingAgent,
            #[extends(Customer, ShippingAgent)]
            Admin,
        }

        #[derive(Copy, Eq)]
        enum OrderStatus {
            Pending,
            Processing,
            Shipped,
            Delivered,
            Cancelled,
        }

        struct Order {
            order_id: String,
            customer_id: String,
            items: Vec<Item>,
            total_cents: u64,
            status: OrderStatus,
        }

        /// An order was placed.
        #[event]
        #[access(subscribe = "order:read", emit = role = Admin)]
        struct OrderCreated {
            order_id: String,
            customer_id: String,
            total_cents: u64,
        }

        /// An order went on, or was cancelled.
        #[event]
        #[access(subscribe = "order:read", emit = role = Admin)]
        struct OrderStatusChanged {
            order_id: String,
            from: OrderStatus,
            to: OrderStatus,
        }

        /// An order left the house.
        #[event]
        #[access(subscribe = "order:read", emit = role = Admin)]
        struct OrderShipped {
            order_id: String,
            tracking_number: String,
            carrier: String,
            estimated_delivery: String,
        }

        #[error]
        enum OrderError {
            #[error(status = 404, message = "order {order_id} not found")]
            OrderNotFound { order_id: String },
            #[error(status = 400, message = "an order cannot go from {current} to {requested}")]
            InvalidOrderStatusTransition { current: OrderStatus, requested: OrderStatus },
            #[error(
                status = 400,
                message = "product {product_id} is not available: {requested} asked for, {available} there"
            )]
            ProductNotAvailable { product_id: String, requested: u32, available: u32 },
            #[error(status = 400, message = "order {order_id} is cancelled already")]
            OrderAlreadyCancelled { order_id: String },
        }

        /// Places an order: reserves its items. Runs to its end, so that no stock is ever reserved
        /// for an order that is not there.
        #[request(detached)]
        #[access("order:create")]
        async fn create_order(
            customer_id: String,
            #[garde(length(min = 1), dive)] items: Vec<Item>,
        ) -> Result<Order, OrderError>;

        #[request]
        #[access("order:read")]
        async fn get_order_by_id(order_id: String) -> Result<Order, OrderError>;

        /// Moves an order on: pending, processing, shipped, delivered; or cancels it.
        #[request(detached)]
        #[access("order:advance")]
        async fn update_order_status(
            order_id: String,
            status: OrderStatus,
        ) -> Result<Order, OrderError>;

        /// Cancels an order that has not been shipped, and puts its items back.
        #[request(detached)]
        #[access("order:cancel")]
        async fn cancel_order(order_id: String) -> Result<Order, OrderError>;
    }
);
