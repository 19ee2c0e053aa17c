magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event(rename = "a", rename = "b")]
        struct Created {}
    }
);

fn main() {}
