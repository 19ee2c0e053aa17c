magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        #[derive(Clone, Debug)]
        struct Card {
            #[sensitive]
            number: String,
        }

        #[derive(std::fmt::Debug)]
        enum Proof {
            None,
            Password(#[sensitive] String),
        }

        #[event]
        #[derive(Debug)]
        struct Opened {
            #[sensitive]
            by_whom: String,
        }

        #[error]
        #[derive(Debug)]
        enum VaultError {
            #[error(status = 401, message = "refused")]
            Refused {
                #[sensitive]
                tried: String,
            },
        }

        #[request]
        #[derive(Debug)]
        async fn open(#[sensitive] password: String);
    }
);

fn main() {}
