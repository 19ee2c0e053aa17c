magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order {
            id: String,
            cust
        }

        enum Status { Open, = }
    }
);

fn main() {}
