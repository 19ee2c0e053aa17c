//! Attributes where they say nothing.
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

        #[access("order:create")]
        struct Plain {
            #[access("order:create")]
            field: u32,
        }

        #[roles]
        struct NoEnum {}

        enum Kind {
            #[grants("order:create")]
            One,
            #[extends(Customer)]
            Two,
        }

        #[error]
        #[access(public)]
        enum Refused {
            #[error(status = 400, message = "no")]
            #[grants("order:create")]
            No,
        }

        #[request]
        #[access("order:create")]
        #[grants("order:create")]
        async fn create(#[access(public)] id: String);
    }
);

fn main() {}
