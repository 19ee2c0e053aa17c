magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        struct Card {
            #[sensitive(pci)]
            number: String,
            #[sensitive = "yes"]
            code: String,
            #[sensitive()]
            holder: String,
        }

        #[request]
        async fn open(#[sensitive(true)] password: String);
    }
);

fn main() {}
