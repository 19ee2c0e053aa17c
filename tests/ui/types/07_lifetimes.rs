magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order<'a> { id: &'a str }
    }
);

fn main() {}
