magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404, message = "x")]
            NotFound(String),
        }
    }
);

fn main() {}
