//! Roles that are not there.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create")]
            Customer,
            #[extends(Custmer, Clerk)]
            Admin,
        }

        #[request]
        #[access(role = Custommer)]
        async fn create();

        #[request]
        #[access(all("order:create", role = Boss))]
        async fn get();
    }
);

fn main() {}
