//! The same twice.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(length(min = 1))]
            name: String,
        }

        #[request]
        async fn create(#[garde(dive, dive)] item: Item, #[garde(skip)] #[garde(skip)] other: Item);
    }
);

fn main() {}
