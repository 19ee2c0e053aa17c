magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create_order();

        #[request(rename = "createOrder")]
        async fn create();
    }
);

fn main() {}
