//! A call within one process: a contract's client and its service, beside a `dyn` async call and a
//! channel hop with the same payload.

mod floors;

use magicbutton::{Context, Reply};
use tokio::runtime::{Builder, Runtime};

use crate::{
    measure::Subject,
    payload::{Order, items, new_order, shop},
};

/// Every row of the group.
pub(crate) fn subjects() -> std::io::Result<Vec<Subject>> {
    Ok(vec![
        floors::direct(runtime()?),
        floors::dynamic(runtime()?).floor(),
        floors::mpsc_oneshot(runtime()?),
        magicbutton(runtime()?),
    ])
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

pub(crate) struct Shop;

impl shop::Service for Shop {
    async fn create_order(
        &self,
        _: &Context,
        customer_id: String,
        items: Vec<shop::Item>,
    ) -> Reply<Order> {
        Ok(new_order(&customer_id, &items))
    }
}

fn magicbutton(runtime: Runtime) -> Subject {
    let client: &'static shop::Client = Box::leak(Box::new(shop::Client::in_process(Shop)));
    Subject::new("magicbutton", runtime, move || client.create_order("customer-1".into(), items()))
}
