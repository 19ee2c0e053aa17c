//! What belongs on the other kind of message.
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
        #[access(subscribe = "order:read", emit = "order:create")]
        async fn create();

        #[event]
        #[access("order:read", guard = owns)]
        struct Created {}

        #[request]
        #[access(guard = owns)]
        async fn get();
    }
);

fn main() {}
