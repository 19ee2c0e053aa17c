magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        struct Card {
            number: String,
        }

        struct Wallet {
            #[sensitive]
            #[serde(flatten)]
            card: Card,
        }

        #[request]
        async fn open(
            #[serde(flatten)]
            #[sensitive]
            card: Card,
        );
    }
);

fn main() {}
