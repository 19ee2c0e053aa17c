magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order {}

        enum Order { A }
    }
);

fn main() {}
