magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[requst]
        async fn get();

        #[acces("order:read")]
        #[request]
        async fn fetch();
    }
);

fn main() {}
