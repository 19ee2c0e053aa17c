//! What is no permission, and no grant.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order", "*:create", "order:create:*", "or der:*", "ördr:create")]
            Customer,
            #[grants("order:create", "order:create")]
            Admin,
        }

        #[request]
        #[access("create")]
        async fn create();

        #[request]
        #[access("order:create:all")]
        async fn get();

        #[request]
        #[access("order:*")]
        async fn put();

        #[request]
        #[access("order :create")]
        async fn set();

        #[request]
        #[access("")]
        async fn ask();
    }
);

fn main() {}
