magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error("order {id} not found")]
            ThisErrorStyle { id: u32 },
            #[error(status: 404, message = "x")]
            Colon,
        }
    }
);

fn main() {}
