magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event(renam = "created")]
        struct Created {}
    }
);

fn main() {}
