magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = "404", message = "x")]
            Status,
            #[error(status = 404, message = 404)]
            Message,
            #[error(status = 404, message = "x", code = NOT_FOUND)]
            Code,
            #[error(status = 404, message = "x", retryable = "yes")]
            Retryable,
            #[error(status, message)]
            NoValues,
        }
    }
);

fn main() {}
