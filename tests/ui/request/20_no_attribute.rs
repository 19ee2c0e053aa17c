magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        async fn create();
    }
);

fn main() {}
