//! A lint of a request is one of its method and of its payload.
#![deny(non_snake_case)]

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    mod orders {
        #[request]
        #[allow(non_snake_case)]
        async fn getOrder(orderId: u32) -> u32;
    }
);

struct Orders;

impl orders::Service for Orders {
    #[allow(non_snake_case)]
    async fn getOrder(&self, _: &magicbutton::Context, id: u32) -> magicbutton::Reply<u32> {
        Ok(id)
    }
}

fn main() {
    let client = orders::Client::in_process(Orders);
    drop(client);
}
