magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {}
);

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {}
);

fn main() {}
