magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error(status = 404, message = "x")]
        enum OrderError {
            NotFound,
        }
    }
);

fn main() {}
