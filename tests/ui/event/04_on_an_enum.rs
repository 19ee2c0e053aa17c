magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        enum Happened { A }
    }
);

fn main() {}
