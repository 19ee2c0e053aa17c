//! A service without the guard that the contract asks.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create", "order:read")]
            Customer,
            #[extends(Customer)]
            #[grants("order:*")]
            Admin,
        }

        #[request]
        #[access("order:create", guard = owns)]
        async fn create();
    }
);

struct Orders;

impl orders::Service for Orders {
    async fn create(&self, _: &magicbutton::Context) -> magicbutton::Reply<()> {
        Ok(())
    }
}

fn main() {}
