magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create() -> Result<u32>;

        #[request]
        async fn fetch() -> std::io::Result<u32>;
    }
);

fn main() {}
