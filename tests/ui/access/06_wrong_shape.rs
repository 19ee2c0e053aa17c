//! A role is a bare variant.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            Customer(u32),
            Admin { level: u8 },
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
