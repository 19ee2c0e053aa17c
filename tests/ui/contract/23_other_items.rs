magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        const LIMIT: u32 = 5;
        static ORDERS: u32 = 5;
        mod inner {}
        trait Ordered {}
        impl Order {
            fn new() -> Self {}
        }
        macro_rules! order { () => {} }
        order!();
        struct Order {}
    }
);

fn main() {
    let _ = orders::Order {};
}
