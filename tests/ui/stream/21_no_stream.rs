magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn watch() -> impl Iterator<Item = u32>;
    }
);

fn main() {}
