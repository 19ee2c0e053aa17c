//! Two rules, and no word of how they go together.
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
        #[access("order:create", "order:read")]
        async fn create();

        #[event]
        #[access("order:read", role = Admin)]
        struct Created {}
    }
);

fn main() {}
