magicbutton::contract!(
    #[contract(version = "1.0.0", nam = "x")]
    pub mod orders {
        struct Order {}
    }
);

fn main() {}
