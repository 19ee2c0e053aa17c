//! Three services, each of which calls the next, and two events: what one order causes.

use magicbutton::{Client, Context, Fault, Reply, Server, contract, middleware::Trace};

use super::wire::Wire;

contract!(
    /// What the outside calls.
    #[contract(version = "1.0.0")]
    pub mod edge {
        #[request]
        async fn order(item: String) -> String;
    }
);

contract!(
    /// Takes orders.
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Placed {
            item: String,
        }

        #[request]
        async fn place(item: String) -> String;
    }
);

contract!(
    /// Takes money.
    #[contract(version = "1.0.0")]
    pub mod payments {
        #[event]
        struct Charged {
            amount: u32,
        }

        #[request]
        async fn charge(amount: u32);
    }
);

struct Edge(orders::Client);
struct Orders(payments::Client);
struct Payments;

impl edge::Service for Edge {
    async fn order(&self, _: &Context, item: String) -> Reply<String> {
        self.0.place(item).await
    }
}

impl orders::Service for Orders {
    async fn place(&self, cx: &Context, item: String) -> Reply<String> {
        self.0.charge(7).await?;
        cx.broadcast(orders::Placed { item: item.clone() }).await?;
        Ok(item)
    }
}

impl payments::Service for Payments {
    async fn charge(&self, cx: &Context, amount: u32) -> Reply<()> {
        if amount == 0 {
            return Err(Fault::internal("nothing to charge").into());
        }
        Ok(cx.broadcast(payments::Charged { amount }).await?)
    }
}

/// The three of them, each with [`Trace`] on both sides.
pub struct Services {
    pub edge: edge::Client,
    pub orders: orders::Client,
    pub payments: payments::Client,
    _servers: [Server; 3],
}

async fn client(wire: &Wire, of: &str) -> Client {
    Client::builder()
        .transport(wire.clone())
        .middleware(Trace::new())
        .connect(format!("wire://{of}"))
        .await
        .expect("it is served")
}

async fn serve(wire: &Wire, name: &str, contract: magicbutton::ServedContract) -> Server {
    Server::builder()
        .id(name)
        .transport(wire.clone())
        .middleware(Trace::new())
        .serve(contract)
        .bind(format!("wire://{name}"))
        .start()
        .await
        .expect("the name is free")
}

/// Starts them.
pub async fn start(wire: &Wire) -> Services {
    let paying = serve(wire, "payments", payments::serve(Payments)).await;
    let payments: payments::Client = client(wire, "payments").await.typed().expect("served");
    let ordering = serve(wire, "orders", orders::serve(Orders(payments.clone()))).await;
    let orders: orders::Client = client(wire, "orders").await.typed().expect("served");
    let edging = serve(wire, "edge", edge::serve(Edge(orders.clone()))).await;
    let edge = client(wire, "edge").await.typed().expect("served");
    Services { edge, orders, payments, _servers: [paying, ordering, edging] }
}
