magicbutton::contract!(
    //! Orders.
    #[contract(version = "1.0.0")]
    pub mod orders {}
);

fn main() {}
