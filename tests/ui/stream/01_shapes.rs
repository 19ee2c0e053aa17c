magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn both() -> impl Stream<Item = u32>;
        #[request]
        fn something_else() -> impl Iterator<Item = u32>;
        #[request]
        fn by_reference() -> impl Stream<Item = &str>;
        #[request(detached)]
        fn detached() -> impl Stream<Item = u32>;
    }
);

fn main() {}
