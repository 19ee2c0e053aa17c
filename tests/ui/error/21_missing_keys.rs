magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404)]
            NoMessage,
            #[error(message = "x")]
            NoStatus,
            #[error]
            Nothing,
        }
    }
);

fn main() {}
