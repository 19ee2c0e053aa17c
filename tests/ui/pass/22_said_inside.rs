//! What is said of the contract may be said inside it.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    mod orders {
        //! What the order service answers.
        #![allow(non_snake_case)]

        #[request]
        async fn getOrder(orderId: u32) -> u32;
    }
);

fn main() {
    assert_eq!(orders::CONTRACT.docs, "What the order service answers.");
}
