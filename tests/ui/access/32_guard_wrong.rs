//! A guard that does not say yes or no.
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
    async fn owns(&self, _: &magicbutton::Context, _: &orders::requests::Create) -> bool {
        true
    }

    async fn create(&self, _: &magicbutton::Context) -> magicbutton::Reply<()> {
        Ok(())
    }
}

fn main() {}
