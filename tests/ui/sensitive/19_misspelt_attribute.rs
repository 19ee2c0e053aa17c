magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        struct Card {
            #[sensitve]
            number: String,
        }

        #[request]
        async fn open(#[Sensitive] password: String);
    }
);

fn main() {}
