magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn get(id: u32, id: String) -> u32;

        struct Pair { left: u32, left: u32 }
    }
);

fn main() {}
