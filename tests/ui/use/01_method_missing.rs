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

struct Orders;

impl orders::Service for Orders {
    async fn get(
        &self,
        _: &magicbutton::Context,
        _: String,
    ) -> magicbutton::Reply<u32, orders::OrderError> {
        Ok(1)
    }
}

fn main() {}
