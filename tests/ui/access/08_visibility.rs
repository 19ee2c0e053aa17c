//! Roles are as visible as the contract.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        pub(crate) enum Role {
            Customer,
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
