//! What the same call costs by hand.

use async_trait::async_trait;
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
};

use crate::{
    measure::Subject,
    payload::{CreateOrder, Item, Order, items, new_order},
};

async fn create_order(customer_id: String, items: Vec<Item>) -> Order {
    new_order(&customer_id, &items)
}

/// A static async call.
pub(super) fn direct(runtime: Runtime) -> Subject {
    Subject::new("direct", runtime, || create_order("customer-1".into(), items()))
}

#[async_trait]
trait Shop: Send + Sync {
    async fn create_order(&self, customer_id: String, items: Vec<Item>) -> Order;
}

struct OneShop;

#[async_trait]
impl Shop for OneShop {
    async fn create_order(&self, customer_id: String, items: Vec<Item>) -> Order {
        create_order(customer_id, items).await
    }
}

/// A call of an async method behind `dyn`.
pub(super) fn dynamic(runtime: Runtime) -> Subject {
    let shop: &'static dyn Shop = std::hint::black_box(Box::leak(Box::new(OneShop)));
    Subject::new("dyn", runtime, move || shop.create_order("customer-1".into(), items()))
}

/// An actor: a task that takes requests from a channel and answers each over its own.
pub(super) fn mpsc_oneshot(runtime: Runtime) -> Subject {
    type Request = (String, Vec<Item>, oneshot::Sender<Order>);
    let (sender, mut requests) = mpsc::channel::<Request>(64);
    runtime.spawn(async move {
        while let Some((customer_id, items, reply)) = requests.recv().await {
            // A caller that has left wants no reply.
            let _ = reply.send(new_order(&customer_id, &items));
        }
    });
    Subject::new("mpsc_oneshot", runtime, move || {
        let sender = sender.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            let sent = sender.send(("customer-1".into(), items(), reply)).await;
            sent.is_ok().then_some(answer.await.ok()).flatten()
        }
    })
}

/// What a wire would cost without one: request and reply through JSON, in one task.
pub(super) fn json_no_channel(runtime: Runtime) -> Subject {
    Subject::new("json_no_channel", runtime, || async {
        let request = CreateOrder { customer_id: "customer-1".into(), items: items() };
        let request = serde_json::to_vec(&request)?;
        let request: CreateOrder = serde_json::from_slice(&request)?;
        let reply = new_order(&request.customer_id, &request.items);
        let reply = serde_json::to_vec(&reply)?;
        serde_json::from_slice::<Order>(&reply)
    })
}
