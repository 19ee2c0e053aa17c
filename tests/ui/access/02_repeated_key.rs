//! A key twice.
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
        #[access("order:create", guard = owns, guard = may)]
        async fn create();

        #[event]
        #[access(subscribe = "order:read", subscribe = public, emit = public)]
        struct Created {}
    }
);

fn main() {}
