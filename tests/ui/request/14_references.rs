magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create(id: &str, ids: &[u32], nested: Vec<&String>) -> &'static str;
    }
);

fn main() {}
