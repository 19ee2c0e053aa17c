magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct OrderCreated {}

        #[event(rename = "orderCreated")]
        struct Created {}
    }
);

fn main() {}
