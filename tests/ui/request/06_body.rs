magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create() {}

        #[request]
        async fn fetch() -> u32 { 5 }
    }
);

fn main() {}
