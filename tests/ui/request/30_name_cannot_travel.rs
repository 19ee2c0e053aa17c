magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn __();

        #[request]
        async fn _1();

        #[request]
        async fn größe(__: u32);
    }
);

fn main() {}
