magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404, message = "{")]
            Open,
            #[error(status = 404, message = "}")]
            Close,
            #[error(status = 404, message = "{id:>5}")]
            Format { id: String },
        }
    }
);

fn main() {}
