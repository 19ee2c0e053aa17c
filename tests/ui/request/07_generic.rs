magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create<T>(value: T) -> T;

        #[request]
        async fn fetch<'a>(value: String);
    }
);

fn main() {}
