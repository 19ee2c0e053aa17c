magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn both() -> (impl Stream<Item = u32>, impl Stream<Item = u32>);

        #[request]
        fn nested() -> impl Stream<Item = impl Stream<Item = u32>>;
    }
);

fn main() {}
