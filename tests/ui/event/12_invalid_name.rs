magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event(rename = "$created")]
        struct Created {}

        #[event(rename = "")]
        struct Empty {}

        #[event(rename = "a/b")]
        struct Slash {}
    }
);

fn main() {}
