magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 403, message = "x")]
            Forbidden,
            #[error(status = 503, message = "x", code = "UNAVAILABLE")]
            Closed,
        }
    }
);

fn main() {}
