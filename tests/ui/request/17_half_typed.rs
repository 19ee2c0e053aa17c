magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create(id: ) -> u32;

        #[request]
        async fn fetch() -> ;

        #[request]
        async fn after() -> u32;
    }
);

async fn call(client: orders::Client) -> u32 {
    client.after().await.unwrap()
}

fn main() {
    let _ = call;
}
