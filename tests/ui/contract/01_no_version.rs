magicbutton::contract!(
    pub mod orders {}
);

fn main() {}
