magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create() -> std::time::Instant;
    }
);

fn main() {}
