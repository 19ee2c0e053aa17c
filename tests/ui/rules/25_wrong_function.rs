//! A function that cannot be a rule.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::{is_even, is_short};

        #[request]
        async fn create(#[garde(custom(is_even))] name: String, #[garde(custom(is_short))] note: String);
    }
);

fn is_even(_: &u32, _: &()) -> magicbutton::garde::Result {
    Ok(())
}

fn is_short(note: &str, _: &()) -> bool {
    note.len() < 5
}

fn main() {}
