//! A word that is no rule.
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
        #[access(autenticated)]
        async fn create();

        #[request]
        #[access("order:create", gard = owns)]
        async fn get();

        #[event]
        #[access(subscribe = any("order:read", rol = Admin), emit = public)]
        struct Created {}

        #[event]
        #[access(subscripe = public, emit = public)]
        struct Gone {}
    }
);

fn main() {}
