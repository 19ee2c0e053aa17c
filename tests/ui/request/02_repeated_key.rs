magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(detached, detached)]
        async fn create();

        #[request(timeout = "1s", timeout = "2s")]
        async fn change();
    }
);

fn main() {}
