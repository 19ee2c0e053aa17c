#[derive(Debug, Clone, PartialEq)]
pub struct Opaque;

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::Opaque;

        struct Order { opaque: Opaque }
    }
);

fn main() {}
