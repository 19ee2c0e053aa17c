magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        union Both { a: u32, b: f32 }
    }
);

fn main() {}
