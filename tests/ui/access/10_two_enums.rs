//! A contract has one enum of roles.
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
        #[access("order:create")]
        async fn create();

        #[roles]
        enum Rank {
            High,
        }
    }
);

fn main() {}
