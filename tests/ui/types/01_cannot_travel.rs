struct Opaque;

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::Opaque;

        struct Order { opaque: Opaque }

        #[request]
        struct Misplaced<'a> { text: &'a str }
    }
);

fn main() {}
