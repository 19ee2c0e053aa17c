magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn get() -> magicbutton::Reply<u32, OrderError>;

        #[request]
        async fn count() -> Reply<u32>;

        #[error]
        enum OrderError {
            #[error(status = 404, message = "x")]
            NotFound,
        }
    }
);

fn main() {}
