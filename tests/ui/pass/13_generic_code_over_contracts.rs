//! A user can write code over any contract.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { id: u32 }

        #[request]
        async fn get(id: u32) -> u32;
    }
);

use magicbutton::{Client, Contract, Fault, Received, Request, Subscribe};

fn describe<C: Contract>() -> (&'static str, usize) {
    (C::DESCRIPTOR.name, C::DESCRIPTOR.requests.len())
}

async fn first<E: Subscribe>(client: &Client) -> Result<Option<Received<E>>, Fault> {
    Ok(client.subscribe::<E>().await?.next().await)
}

async fn call<R: Request>(client: &Client, request: R) -> Option<R::Reply> {
    client.call(request).await.ok()
}

fn main() {
    assert_eq!(describe::<orders::Client>(), ("orders", 1));
    let _ = (first::<orders::Created>, first::<orders::Event>, call::<orders::requests::Get>);
}
