use magicbutton::contract;

contract!(
    #[contract(version = "1.0.0")]
    mod orders {
        #[event]
        struct Created { id: String }
        #[request]
        async fn get(id: String) -> u32;
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod other {
        #[event]
        struct Foreign { id: String }
    }
);

async fn wrong(orders: orders::Client, server: magicbutton::Server) {
    let _ = orders.subscribe::<String>().await;
    let _ = orders.subscribe::<other::Foreign>().await;
    let _ = server.broadcast("no event").await;
    let _: String = orders.get("id".into()).await.unwrap();
    let _ = orders.get(5).await;
}

fn main() {}
