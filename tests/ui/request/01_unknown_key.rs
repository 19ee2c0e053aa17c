magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(detatched)]
        async fn create();
    }
);

fn main() {}
