magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create(a: impl Clone, b: Box<dyn Send>, c: fn() -> u32, d: *const u8, e: _);
    }
);

fn main() {}
