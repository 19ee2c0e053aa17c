magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        #[event]
        struct Created {}
    }
);

fn main() {}
