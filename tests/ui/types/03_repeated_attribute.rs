magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[derive(Eq, Eq)]
        struct Order {}
    }
);

fn main() {}
