magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create(at: std::time::Instant);
    }
);

fn main() {}
