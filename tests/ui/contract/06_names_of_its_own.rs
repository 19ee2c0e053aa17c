magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Client {}

        #[event]
        struct Event {}

        struct Twice {}
        enum Twice { A }

        #[request]
        async fn subscribe();
    }
);

fn main() {}
