magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn subscribe();

        #[request]
        async fn connect();

        #[request]
        async fn clone();
    }
);

fn main() {}
