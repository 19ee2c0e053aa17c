use magicbutton::{Context, Reply, contract};

contract!(
    #[contract(version = "1.0.0")]
    mod orders {
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
        async fn put(id: String);
    }
);

struct Incomplete;

impl orders::Service for Incomplete {
    async fn get(&self, _: &Context, _: String) -> Reply<u32, orders::OrderError> {
        Err(orders::OtherError::Other)?
    }
}

struct NotSend;

impl orders::Service for NotSend {
    async fn get(&self, _: &Context, _: String) -> Reply<u32, orders::OrderError> {
        Ok(1)
    }

    async fn put(&self, _: &Context, _: String) -> Reply<()> {
        let local = std::rc::Rc::new(1);
        std::future::ready(()).await;
        drop(local);
        Ok(())
    }
}

struct NoService;

fn main() {
    orders::serve(NoService);
}
