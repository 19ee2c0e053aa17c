magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub struct Orders {}
);

magicbutton::contract!();

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod elsewhere;
);

fn main() {}
