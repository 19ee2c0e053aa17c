//! Roles that extend themselves.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create")]
            #[extends(Customer)]
            Customer,
            #[extends(Admin)]
            Clerk,
            #[extends(Manager)]
            Admin,
            #[extends(Customer, Clerk)]
            Manager,
        }

        #[request]
        #[access("order:create")]
        async fn create();
    }
);

fn main() {}
