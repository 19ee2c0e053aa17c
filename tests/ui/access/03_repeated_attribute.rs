//! An attribute twice.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        #[roles]
        enum Role {
            #[grants("order:create")]
            #[grants("order:create")]
            Customer,
            #[extends(Customer)]
            #[extends(Customer)]
            Admin,
        }

        #[request]
        #[access("order:create")]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
