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

async fn call(client: orders::Client) {
    match client.get("o-1".into()).await {
        Err(magicbutton::Failure::Declared(orders::OrderError::NotFoud)) => {}
        _ => {}
    }
}

fn main() {
    let _ = call;
}
