//! A rule about a field that is not there.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn register(password: String, #[garde(matches(pasword))] again: String);
    }
);

fn main() {}
