magicbutton::contract!(
    #[contract]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
