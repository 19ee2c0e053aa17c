magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404, message = "order {order} not found")]
            Near { order_id: String },
            #[error(status = 404, message = "order {x} not found")]
            Far { order_id: String },
            #[error(status = 404, message = "order {order_id} not found")]
            NoFields,
            #[error(status = 404, message = "order {} and {0} not found")]
            Positional { order_id: String },
        }
    }
);

fn main() {}
