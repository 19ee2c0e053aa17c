magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn get() -> Result<u32, String>;
    }
);

fn main() {}
