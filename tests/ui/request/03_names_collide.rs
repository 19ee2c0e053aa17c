magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn get_order();
        #[request]
        async fn getOrder();
        #[request(rename = "getOrder")]
        async fn fetch();
    }
);

fn main() {}
