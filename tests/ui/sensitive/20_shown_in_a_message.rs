magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        #[error]
        enum VaultError {
            #[error(status = 401, message = "{tried} at {at} is wrong")]
            Refused {
                at: u32,
                #[sensitive]
                tried: String,
            },
            #[error(status = 401, message = "wrong: {code:?}")]
            Wrong {
                #[sensitive]
                code: u32,
            },
        }
    }
);

fn main() {}
