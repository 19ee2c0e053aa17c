magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn create() -> u32;
    }
);

fn main() {}
