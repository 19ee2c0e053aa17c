magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[cfg(test)]
        struct Sometimes {}

        struct Order {
            #[cfg_attr(test, serde(default))]
            id: String,
        }

        #[request]
        #[cfg(unix)]
        async fn create(#[cfg(unix)] id: String);
    }
);

fn main() {}
