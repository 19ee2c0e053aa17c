magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        pub(crate) async fn create();
    }
);

fn main() {}
