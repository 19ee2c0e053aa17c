//! The expansion breaks none of the lints that a careful crate denies.
#![deny(missing_docs, unreachable_pub, clippy::all)]

magicbutton::contract!(
    /// Documented.
    #[contract(version = "1.0.0")]
    mod orders {
        /// An order.
        struct Order { id: u32 }

        #[request]
        async fn get(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8) -> Order;
    }
);

fn main() {
    assert_eq!(orders::CONTRACT.docs, "Documented.");
}
