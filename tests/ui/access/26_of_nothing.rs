//! Rules of nothing, and what says nothing inside of one.
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
        #[access(any())]
        async fn create();

        #[request]
        #[access(all("order:create", any(), public))]
        async fn get();

        #[request]
        #[access(any("order:create", authenticated))]
        async fn put();
    }
);

fn main() {}
