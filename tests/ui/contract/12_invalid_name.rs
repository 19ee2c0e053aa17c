magicbutton::contract!(
    #[contract(version = "1.0.0", name = "$orders")]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
