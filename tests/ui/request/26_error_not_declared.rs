magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct NotAnError {}

        #[request]
        async fn create() -> Result<u32, String>;

        #[request]
        async fn fetch() -> Result<u32, NotAnError>;
    }
);

fn main() {}
