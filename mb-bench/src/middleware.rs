//! What a layer of middleware costs: the call of `inproc`, behind none, one and five that do nothing.

use magicbutton::{
    Client, Message,
    middleware::{Handled, Middleware, Next},
};
use tokio::runtime::Builder;

use crate::{
    inproc::Shop,
    measure::Subject,
    payload::{items, shop},
};

/// Every row of the group; the floor is the call itself.
pub(crate) fn subjects() -> std::io::Result<Vec<Subject>> {
    Ok(vec![
        behind("magicbutton", 0)?.floor(),
        behind("magicbutton_1_layer", 1)?,
        behind("magicbutton_5_layers", 5)?,
    ])
}

struct Nothing;

#[async_trait::async_trait]
impl Middleware for Nothing {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        next.run(message).await
    }
}

fn behind(name: &'static str, layers: usize) -> std::io::Result<Subject> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let contract = (0..layers).fold(shop::serve(Shop), |shop, _| shop.middleware(Nothing));
    let client = Client::in_process(contract).typed::<shop::Client>();
    let client: &'static shop::Client = Box::leak(Box::new(client.map_err(std::io::Error::other)?));
    Ok(Subject::new(name, runtime, move || client.create_order("customer-1".into(), items())))
}
