//! Rules that are none, and keys that no rule has.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde(lenght(min = 1))]
            name: String,
            #[garde(phone_number, ascii)]
            phone: String,
            #[garde(length(mim = 1))]
            code: String,
            #[garde(range(bytes, min = 1))]
            price: u32,
            #[garde(inner(asci))]
            tags: Vec<String>,
        }

        #[request]
        async fn create(#[garde(requird)] note: Option<String>);
    }
);

fn main() {}
