magicbutton::contract!(
    #[sensitive]
    #[contract(version = "1.0.0")]
    pub mod vault {
        #[sensitive]
        struct Card {
            number: String,
        }

        #[sensitive]
        type Cards = Vec<Card>;

        #[sensitive]
        enum Proof {
            #[sensitive]
            None,
            #[sensitive]
            Key { id: String },
        }

        #[event]
        #[sensitive]
        struct Opened {}

        #[error]
        #[sensitive]
        enum VaultError {
            #[error(status = 401, message = "refused")]
            #[sensitive]
            Refused,
        }

        #[request]
        #[sensitive]
        async fn open(password: String);
    }
);

fn main() {}
