//! An unfinished item does not swallow the next one.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn cancel(id: String) -> u32
        /// Fetches.
        #[request]
        async fn fetch(id: String) -> u32;

        struct Paid
        enum Kind { One }

        use std::collections
        type Alias = u32;
    }
);

async fn call(client: orders::Client) -> (u32, u32, orders::Kind, orders::Alias) {
    let cancelled = client.cancel("o-1".into()).await.unwrap();
    (cancelled, client.fetch("o-1".into()).await.unwrap(), orders::Kind::One, 5)
}

fn main() {
    let _ = call;
}
