//! Closed by default.
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
        async fn create();

        #[request]
        fn watch() -> impl Stream<Item = u32>;

        #[event]
        struct Created {}

        #[request]
        #[access("order:create")]
        async fn all_is_used();
    }
);

fn main() {}
