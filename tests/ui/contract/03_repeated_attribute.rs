magicbutton::contract!(
    #[contract(version = "1.0.0")]
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
