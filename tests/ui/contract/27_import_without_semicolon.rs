magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use std::collections::{BTreeMap, BTreeSet}
    }
);

fn main() {}
