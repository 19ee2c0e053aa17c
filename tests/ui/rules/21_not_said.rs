//! What has rules, where nobody says whether they hold.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(length(min = 1))]
            name: String,
        }

        struct Order {
            items: Vec<Item>,
            #[garde(skip)]
            old: Vec<Item>,
        }

        type Items = Vec<Item>;

        #[event]
        struct Created {
            order: Option<Order>,
        }

        #[request]
        async fn create(items: Items, #[garde(length(min = 1))] more: Vec<Item>) -> Order;
    }
);

fn main() {}
