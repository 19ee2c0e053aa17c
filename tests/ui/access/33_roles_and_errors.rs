//! An enum is of one kind.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        #[error]
        enum Role {
            Customer,
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
