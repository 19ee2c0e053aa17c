magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        #[error]
        enum OpenError {
            #[error(status = 401, message = "refused")]
            Refused {
                #[sensitive]
                tried: String,
            },
        }

        #[error]
        enum CloseError {
            #[error(status = 401, message = "refused")]
            Refused { tried: String },
        }
    }
);

fn main() {}
