//! The same call through libraries that carry calls between the tasks of a process, as they come.

use std::convert::Infallible;

use futures_util::StreamExt;
use irpc::{WithChannels, channel, rpc_requests};
use kameo::{
    Actor,
    actor::Spawn,
    message::{Context, Message},
};
use serde::{Deserialize, Serialize};
use tarpc::server::Channel;
use tokio::runtime::Runtime;

use crate::{
    measure::Subject,
    payload::{CreateOrder, Item, Order, create_order, items, new_order},
};

#[rpc_requests(message = ShopMessage, no_rpc, no_spans)]
#[derive(Serialize, Deserialize, Debug)]
enum ShopProtocol {
    #[rpc(tx = channel::oneshot::Sender<Order>)]
    CreateOrder(CreateOrder),
}

/// irpc: an actor whose messages carry their way back, behind a typed client.
pub(super) fn irpc(runtime: Runtime) -> Subject {
    let (sender, mut requests) = channel::mpsc::channel::<ShopMessage>(64);
    runtime.spawn(async move {
        while let Ok(Some(ShopMessage::CreateOrder(request))) = requests.recv().await {
            let WithChannels { inner, tx, .. } = request;
            // A caller that has left wants no reply.
            let _ = tx.send(new_order(&inner.customer_id, &inner.items)).await;
        }
    });
    let client: &'static _ = Box::leak(Box::new(irpc::Client::<ShopProtocol>::local(sender)));
    Subject::new("irpc", runtime, || client.rpc(create_order())).peer()
}

#[derive(Actor)]
struct Shop;

impl Message<CreateOrder> for Shop {
    type Reply = Result<Order, Infallible>;

    async fn handle(
        &mut self,
        request: CreateOrder,
        _: &mut Context<Self, Self::Reply>,
    ) -> Self::Reply {
        Ok(new_order(&request.customer_id, &request.items))
    }
}

/// kameo: an actor that is asked.
pub(super) fn kameo(runtime: Runtime) -> Subject {
    let on_it = runtime.enter();
    let actor = Shop::spawn(Shop);
    drop(on_it);
    Subject::new("kameo", runtime, move || {
        let actor = actor.clone();
        async move { actor.ask(create_order()).await }
    })
    .peer()
}

/// What tarpc makes a client and a server of.
#[tarpc::service]
pub(crate) trait Orders {
    async fn create_order(customer_id: String, items: Vec<Item>) -> Order;
}

/// The service behind tarpc, here and over TCP.
#[derive(Clone)]
pub(crate) struct TarpcShop;

impl Orders for TarpcShop {
    async fn create_order(
        self,
        _: tarpc::context::Context,
        customer_id: String,
        items: Vec<Item>,
    ) -> Order {
        new_order(&customer_id, &items)
    }
}

/// tarpc over its in-memory transport.
pub(super) fn tarpc(runtime: Runtime) -> Subject {
    let on_it = runtime.enter();
    let (client, server) = tarpc::transport::channel::unbounded();
    let server = tarpc::server::BaseChannel::with_defaults(server);
    let each = |handler| async { drop(tokio::spawn(handler)) };
    tokio::spawn(server.execute(TarpcShop.serve()).for_each(each));
    let client = OrdersClient::new(tarpc::client::Config::default(), client).spawn();
    drop(on_it);
    Subject::new("tarpc", runtime, move || {
        let client = client.clone();
        async move {
            client.create_order(tarpc::context::current(), "customer-1".into(), items()).await
        }
    })
    .peer()
}
