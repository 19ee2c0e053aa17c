//! A derive that the contract has already.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[derive(Eq, garde::Validate)]
        struct Item {
            #[garde(length(min = 1))]
            name: String,
        }
    }
);

fn main() {}
