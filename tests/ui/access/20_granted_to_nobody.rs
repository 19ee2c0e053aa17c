//! What nobody could ever do.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create", "order:read")]
            Customer,
        }

        #[request]
        #[access("order:craete")]
        async fn create();

        #[request]
        #[access(any("order:read", "ordr:read"))]
        async fn get();

        #[event]
        #[access(subscribe = "order:read", emit = "stock:announce")]
        struct Created {}
    }
);

fn main() {}
