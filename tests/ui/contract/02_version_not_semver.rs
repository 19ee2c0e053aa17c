magicbutton::contract!(
    #[contract(version = "1.0", nam = "x")]
    pub mod orders {}
);

fn main() {}
