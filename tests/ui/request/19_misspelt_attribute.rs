magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[requst]
        async fn get();

        #[acces(public)]
        #[request]
        async fn fetch();
    }
);

fn main() {}
