magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { id: String }

        #[request]
        async fn get(id: String) -> Order
    }
);

fn main() {}
