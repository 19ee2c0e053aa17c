magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(rename = "$ping")]
        async fn ping();
    }
);

fn main() {}
