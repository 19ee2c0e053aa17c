magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn tuple((a, b): (u32, u32));

        #[request]
        async fn wild(_: u32);

        #[request]
        async fn mutable(mut id: u32);
    }
);

fn main() {}
