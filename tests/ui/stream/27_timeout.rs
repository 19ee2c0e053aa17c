magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(timeout = "5s")]
        fn watch() -> impl Stream<Item = u32>;
    }
);

fn main() {}
