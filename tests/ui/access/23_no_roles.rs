//! Rules that need roles, in a contract without.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {

        #[request]
        #[access("order:create")]
        async fn create();

        #[request]
        #[access(role = Admin)]
        async fn get();

        #[event]
        #[access(subscribe = public, emit = "order:announce")]
        struct Created {}

        #[request]
        #[access(authenticated)]
        async fn put();
    }
);

fn main() {}
