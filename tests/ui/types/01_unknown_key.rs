magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[serde(renam_all = "lowercase")]
        struct Order {}
    }
);

fn main() {}
