magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        struct Card {
            #[sensitive]
            #[sensitive]
            number: String,
        }

        #[request]
        async fn open(
            #[sensitive]
            #[sensitive]
            password: String,
        );
    }
);

fn main() {}
