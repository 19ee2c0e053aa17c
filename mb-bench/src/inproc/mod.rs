//! A call within one process: a contract's client and its service, beside what a person would write
//! by hand, and beside libraries that carry calls between tasks, all with the same payload.

pub(crate) mod fanout;
mod floors;
mod peers;

use magicbutton::{Context, Reply};
use tokio::runtime::Runtime;

use crate::{
    measure::{Subject, Threads},
    payload::{Order, items, new_order, shop},
};

pub(crate) use peers::{Orders, OrdersClient, TarpcShop};

/// Every row of the group, each on a runtime of its own.
pub(crate) fn subjects(threads: Threads) -> std::io::Result<Vec<Subject>> {
    let runtime = || threads.runtime();
    let subjects = vec![
        floors::direct(runtime()?),
        floors::dynamic(runtime()?).floor(),
        floors::mpsc_oneshot(runtime()?),
        floors::json_no_channel(runtime()?),
        peers::irpc(runtime()?),
        peers::kameo(runtime()?),
        peers::tarpc(runtime()?),
        magicbutton(runtime()?),
    ];
    Ok(match threads {
        Threads::One => subjects,
        Threads::Many => subjects.into_iter().map(Subject::uncounted).collect(),
    })
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
