//! Warns whoever calls or subscribes, not the contract and not its service.
#![deny(deprecated)]

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        #[deprecated(note = "use `fetch`")]
        async fn get(id: String) -> u32;

        #[request]
        async fn fetch(id: String) -> u32;

        #[event]
        #[deprecated]
        struct Created { id: String }
    }
);

struct Orders;

impl orders::Service for Orders {
    async fn get(&self, _: &magicbutton::Context, _: String) -> magicbutton::Reply<u32> {
        Ok(1)
    }

    async fn fetch(&self, _: &magicbutton::Context, _: String) -> magicbutton::Reply<u32> {
        Ok(1)
    }
}

async fn call(client: orders::Client) {
    let _ = client.get("o-1".into()).await;
    let _ = client.subscribe::<orders::Created>().await;
}

fn main() {
    let _ = (orders::serve(Orders), call);
}
