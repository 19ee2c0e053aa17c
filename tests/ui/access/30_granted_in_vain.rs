//! What is granted, and nothing requires, is a warning.
#![deny(deprecated)]
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create", "order:ship", "stock:*")]
            Customer,
            #[grants("order:*", "*:*")]
            Admin,
        }

        #[request]
        #[access("order:create")]
        async fn create();
    }
);

fn main() {}
