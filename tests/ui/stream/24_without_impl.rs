magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn watch() -> Stream<Item = u32>;
    }
);

fn main() {}
