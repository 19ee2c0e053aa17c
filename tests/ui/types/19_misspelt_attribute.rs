magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[serd(rename_all = "lowercase")]
        struct Order {}

        #[evnt]
        struct Created {}
    }
);

fn main() {}
