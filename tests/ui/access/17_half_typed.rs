//! As an editor sees it.
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
        #[access("order:create", )]
        async fn create();

        #[request]
        #[access()]
        async fn get();

        #[request]
        #[access]
        async fn put();

        #[request]
        #[access(role = )]
        async fn set();

        #[request]
        #[access("order:create" guard = owns)]
        async fn ask();

        #[request]
        #[access(any("order:create" "order:read"))]
        async fn tell();
    }
);

fn main() {}
