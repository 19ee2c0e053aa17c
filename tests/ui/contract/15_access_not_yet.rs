//! Access rules are refused, never silently ignored.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create")]
            Customer,
            #[extends(Customer)]
            Admin,
        }

        #[event]
        #[access("order:read")]
        struct Created {}

        #[request]
        #[access("order:create")]
        async fn create();
    }
);

fn main() {}
