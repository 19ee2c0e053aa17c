//! Values of the wrong kind.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles(strict)]
        enum Role {
            #[grants(order)]
            Customer,
            #[grants = "order:create"]
            #[extends("Customer")]
            Admin,
            #[grants()]
            #[extends]
            Clerk,
        }

        #[request]
        #[access("order:create", guard = "owns")]
        async fn create();

        #[request]
        #[access(role = "Admin")]
        async fn get();

        #[request]
        #[access(role)]
        async fn put();

        #[request]
        #[access = "order:create"]
        async fn set();

        #[request]
        #[access(any)]
        async fn ask();

        #[request]
        #[access(guard, public)]
        async fn tell();

        #[request]
        #[access(404)]
        async fn count();
    }
);

fn main() {}
