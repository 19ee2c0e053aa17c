//! An attribute that is nearly the one.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[gard(length(min = 1))]
            name: String,
        }

        #[request]
        async fn create(#[grade(ascii)] name: String);
    }
);

fn main() {}
