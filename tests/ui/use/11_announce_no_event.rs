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

async fn announce(server: magicbutton::Server, cx: &magicbutton::Context) {
    let _ = server.broadcast("created").await;
    let _ = server.send_to("ada", 5).await;
    let _ = cx.broadcast(orders::OrderError::NotFound).await;
}

fn main() {
    let _ = announce;
}
