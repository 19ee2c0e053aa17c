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

fn call(client: orders::Client) -> impl Future {
    client.get("o-1".into())
}

fn main() {
    let _ = call;
}
