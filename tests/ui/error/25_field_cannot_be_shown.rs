magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { id: String }

        #[error]
        enum OrderError {
            #[error(status = 404, message = "{order} is no good")]
            NoGood { order: Order },
        }
    }
);

fn main() {}
