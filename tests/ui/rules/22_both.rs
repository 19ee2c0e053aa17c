//! What excludes each other.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(length(min = 1))]
            name: String,
        }

        #[request]
        async fn create(
            #[garde(skip, ascii)] name: String,
            #[garde(dive, inner(ascii))] items: Vec<Item>,
            #[garde(inner(dive))] more: Vec<Item>,
        );
    }
);

fn main() {}
