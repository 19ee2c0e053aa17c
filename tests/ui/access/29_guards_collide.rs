//! Guards of one name, or of a request's.
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

        #[request]
        #[access("order:read", guard = owns)]
        async fn get();

        #[request]
        #[access("order:read", guard = create)]
        async fn put();
    }
);

fn main() {}
