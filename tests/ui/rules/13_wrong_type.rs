//! Rules that say nothing of their type.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(length(min = 1))]
            price: u32,
            #[garde(range(min = 1))]
            name: String,
            #[garde(required)]
            code: String,
        }
    }
);

fn main() {}
