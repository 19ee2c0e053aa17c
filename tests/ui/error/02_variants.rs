magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            Bare,
            #[error(status = 404)]
            NoMessage,
            #[error(message = "no status")]
            NoStatus,
            #[error(status = "404", message = 404)]
            WrongValues,
            #[error(statsu = 404, message = "x", retryable = "yes")]
            WrongKey,
            #[error(status = 404, message = "order {order} not found")]
            NoSuchField { order_id: String },
            #[error(status = 404, message = "{")]
            Unclosed,
            #[error(status = 404, message = "x", code = "lower case")]
            BadCode,
            #[error(status = 404, message = "x")]
            Forbidden,
            #[error(status = 404, message = "x")]
            Tuple(String),
        }
    }
);

fn main() {}
