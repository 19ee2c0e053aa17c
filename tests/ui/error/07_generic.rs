magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError<T> {
            #[error(status = 404, message = "x")]
            NotFound { id: T },
        }
    }
);

fn main() {}
