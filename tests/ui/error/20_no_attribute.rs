magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            NotFound { id: String },
        }
    }
);

fn main() {}
