magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 200, message = "x")]
            Success,
            #[error(status = 399, message = "x")]
            Below,
            #[error(status = 600, message = "x")]
            Above,
            #[error(status = 99999999999, message = "x")]
            Huge,
            #[error(status = -404, message = "x")]
            Negative,
        }
    }
);

fn main() {}
