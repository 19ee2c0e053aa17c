//! What parsed is there: only the two real mistakes are reported.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Before { id: String }

        struct Broken { id String }

        struct AlsoBroken { id: }

        #[event]
        struct After { id: String }
    }
);

fn main() {
    let _ = orders::Before { id: String::new() };
    let _ = orders::After { id: String::new() };
}
