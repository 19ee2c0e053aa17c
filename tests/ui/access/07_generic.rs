//! Roles have no parameters.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role<T> {
            Customer,
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
