magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created {}

        #[event]
        struct Created { id: u32 }
    }
);

fn main() {}
