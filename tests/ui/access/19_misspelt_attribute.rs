//! Attributes that are nearly ours.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[role]
        enum Role {
            #[grant("order:create")]
            Customer,
            #[extend(Customer)]
            Admin,
        }

        #[request]
        #[acess("order:create")]
        async fn create();
    }
);

fn main() {}
