magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod first {}

    #[contract(version = "1.0.0")]
    pub mod second {}
);

fn main() {
    let _ = first::CONTRACT.name;
}
