magicbutton::contract!(
    #[contract(version = "1.0")]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
