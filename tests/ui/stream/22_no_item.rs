magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn watch() -> impl Stream;

        #[request]
        fn listen() -> impl Stream<Item = u32> + Send;
    }
);

fn main() {}
