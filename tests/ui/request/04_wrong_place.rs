magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        #[event]
        async fn create(#[error] id: String);
    }
);

fn main() {}
