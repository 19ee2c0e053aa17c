magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { order_id: u32, orderId: u32 }
    }
);

fn main() {}
