magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
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
    }
);

use magicbutton::{Context, Reply};

struct Orders;

impl orders::Service for Orders {
    async fn get(&self, _: &Context, _: String) -> Reply<u32, orders::OrderError> {
        let local = std::rc::Rc::new(1);
        std::future::ready(()).await;
        Ok(*local)
    }
}

fn main() {}
