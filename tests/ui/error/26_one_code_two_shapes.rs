magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum First {
            #[error(status = 404, message = "x")]
            NotFound { id: String },
        }

        #[error]
        enum Second {
            #[error(status = 404, message = "x")]
            NotFound { id: u32 },
        }
    }
);

fn main() {}
