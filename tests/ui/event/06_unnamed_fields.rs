magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Tuple(u32);

        #[event]
        struct Unit;
    }
);

fn main() {}
