magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { id: String }

        #[error]
        enum OrderError {
            #[error(status = 404, message = "x")]
            NotFound,
        }

        #[error]
        enum OtherError {
            #[error(status = 404, message = "x")]
            Other,
        }

        #[request]
        async fn get(id: String) -> Result<u32, OrderError>;

        #[request]
        fn watch(id: String) -> impl Stream<Item = u32>;
    }
);

async fn subscribe(client: orders::Client) {
    let mut events = client.subscribe::<String>().await.unwrap();
    let _ = client.subscribe::<orders::OrderError>().await;
    let _ = events.end_reason();
}

fn main() {
    let _ = subscribe;
}
