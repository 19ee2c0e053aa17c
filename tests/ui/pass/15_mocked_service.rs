//! A service that calls another is tested against a fake of it.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn price(id: u32) -> u32;
    }
);

use magicbutton::{Context, Reply};

struct Fake(u32);

impl orders::Service for Fake {
    async fn price(&self, _: &Context, id: u32) -> Reply<u32> {
        Ok(self.0 * id)
    }
}

struct Till {
    prices: orders::Client,
}

fn main() {
    let till = Till { prices: orders::Client::in_process(Fake(5)) };
    let _ = till.prices.price(2);
}
