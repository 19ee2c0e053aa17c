magicbutton::contract!(
    #[contract(version = 1, name)]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
