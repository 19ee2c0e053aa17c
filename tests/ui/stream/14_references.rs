magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn watch() -> impl Stream<Item = &str>;
    }
);

fn main() {}
