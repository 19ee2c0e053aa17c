magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { at: std::time::Instant }
    }
);

fn main() {}
