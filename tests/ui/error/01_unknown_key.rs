magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(statsu = 404, message = "x")]
            NotFound,
        }
    }
);

fn main() {}
