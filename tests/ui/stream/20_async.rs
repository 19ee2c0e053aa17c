magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn watch() -> impl Stream<Item = u32>;
    }
);

fn main() {}
