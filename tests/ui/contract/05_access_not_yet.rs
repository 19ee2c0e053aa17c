magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create")]
            Customer,
            #[extends(Customer)]
            Admin,
        }

        #[request]
        #[access("order:create")]
        async fn create();
    }
);

fn main() {}
