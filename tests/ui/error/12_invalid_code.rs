magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404, message = "x", code = "not found")]
            Lower,
            #[error(status = 404, message = "x", code = "$X")]
            Dollar,
            #[error(status = 404, message = "x", code = "")]
            Empty,
        }
    }
);

fn main() {}
