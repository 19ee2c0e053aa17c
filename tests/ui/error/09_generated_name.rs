magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum Error {
            #[error(status = 404, message = "x")]
            NotFound,
        }
    }
);

fn main() {}
