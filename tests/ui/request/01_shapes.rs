magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn with_self(&self);
        #[request]
        async fn by_reference(id: &str, ids: &[u32], other: Vec<&String>);
        #[request]
        async fn generic<T>(value: T);
        #[request]
        async fn pattern((a, b): (u32, u32));
        #[request]
        async fn opaque(value: impl Clone);
        #[request]
        async fn one_argument() -> Result<u32>;
        #[request]
        fn not_async() -> u32;
        #[request]
        unsafe extern "C" fn qualified();
        async fn no_attribute();
        #[request]
        async fn with_body() {}
        #[request(detatched)]
        async fn misspelt();
    }
);

fn main() {}
