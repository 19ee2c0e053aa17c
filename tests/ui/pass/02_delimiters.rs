//! Any delimiter is accepted.
magicbutton::contract! {
    #[contract(version = "1.0.0")]
    pub mod braces {
        #[event]
        struct Happened { id: u32 }
    }
}

magicbutton::contract![
    #[contract(version = "1.0.0")]
    mod brackets {}
];

fn main() {
    assert_eq!(braces::CONTRACT.events.len(), 1);
    assert_eq!(brackets::CONTRACT.name, "brackets");
}
