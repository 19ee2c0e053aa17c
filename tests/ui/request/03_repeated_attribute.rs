magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        #[request(detached)]
        async fn create();
    }
);

fn main() {}
