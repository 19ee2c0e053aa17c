magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(detached, timeout = "5s")]
        async fn create();
    }
);

fn main() {}
