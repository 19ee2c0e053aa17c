magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async function get() -> u32;

        #[request]
        async fn typed(): u32;
    }
);

fn main() {}
