magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create_order();

        #[request(rename = "other")]
        async fn createOrder();
    }
);

fn main() {}
