magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(detached = "yes")]
        async fn first();

        #[request(rename = 5)]
        async fn second();

        #[request(timeout = 5)]
        async fn third();

        #[request(timeout)]
        async fn fourth();
    }
);

fn main() {}
