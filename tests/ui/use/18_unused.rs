//! What does nothing until it is awaited says so.
#![deny(unused_must_use)]

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created {}

        #[request]
        async fn get() -> u32;
    }
);

async fn call(client: orders::Client, server: magicbutton::Server) {
    client.get();
    client.subscribe::<orders::Created>();
    server.broadcast(orders::Created {});
    magicbutton::Server::builder();
}

fn main() {
    let _ = call;
}
