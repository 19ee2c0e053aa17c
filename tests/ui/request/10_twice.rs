magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create();

        #[request]
        async fn create(id: u32);
    }
);

fn main() {}
