magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        enum Happened { A }

        #[event(renam = "x")]
        struct Tuple(u32);

        #[event]
        #[event(rename = "$secret")]
        struct Twice {}
    }
);

fn main() {}
