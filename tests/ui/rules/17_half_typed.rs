//! As an editor sees it.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(length(min = ))]
            name: String,
            #[garde(range(min = 1, ))]
            price: u32,
            #[garde(dive, )]
            others: Vec<Item>,
            #[garde(len)]
            code: String,
        }
    }
);

fn main() {}
